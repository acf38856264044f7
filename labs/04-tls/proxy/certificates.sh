#!/bin/sh
# The certificates of the lab, below $1, each folder as certbot lays it out:
#
#   lab-root.pem              the authority that the lab's clients trust; its key is thrown away
#   ws.lab.test/              the right one, signed by an intermediate authority, as in real life:
#                             cert.pem alone, chain.pem (the intermediate), fullchain.pem (both), privkey.pem
#   self-signed/              for the same name, signed by nobody but itself
#   old-name.lab.test/        for another name
#   expired/                  for the right name, and over since yesterday
set -eu
umask 077
tls=$1
work=$(mktemp -d)
mkdir -p "$tls"
cd "$work"

key() { openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1"; }

# authority NAME CN SIGNER: a certificate that may sign; SIGNER is its own NAME for a root.
authority() {
    key "$1.key"
    openssl req -new -key "$1.key" -subj "/CN=$2" -out "$1.csr"
    printf 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n' >"$1.ext"
    if [ "$1" = "$3" ]; then
        openssl x509 -req -in "$1.csr" -signkey "$1.key" -days 7300 -extfile "$1.ext" -out "$1.pem"
    else
        openssl x509 -req -in "$1.csr" -CA "$3.pem" -CAkey "$3.key" -days 7300 -extfile "$1.ext" -out "$1.pem"
    fi
}

# leaf FOLDER NAME SIGNER FROM TO: a server's certificate and the chain above it.
leaf() {
    mkdir -p "$tls/$1"
    key "$tls/$1/privkey.pem"
    openssl req -new -key "$tls/$1/privkey.pem" -subj "/CN=$2" -out leaf.csr
    printf 'subjectAltName=DNS:%s\nextendedKeyUsage=serverAuth\n' "$2" >leaf.ext
    if [ "$3" = none ]; then
        openssl x509 -req -in leaf.csr -signkey "$tls/$1/privkey.pem" -not_before "$4" -not_after "$5" \
            -extfile leaf.ext -out "$tls/$1/cert.pem"
        return
    fi
    openssl x509 -req -in leaf.csr -CA "$3.pem" -CAkey "$3.key" -not_before "$4" -not_after "$5" \
        -extfile leaf.ext -out "$tls/$1/cert.pem"
    cp "$3.pem" "$tls/$1/chain.pem"
    cat "$tls/$1/cert.pem" "$tls/$1/chain.pem" >"$tls/$1/fullchain.pem"
}

day() { date -u -d "$1" +%Y%m%d%H%M%SZ; }

authority root "Lab Root" root
authority intermediate "Lab Intermediate" root
leaf ws.lab.test ws.lab.test intermediate "$(day '-2 days')" "$(day '+3650 days')"
leaf old-name.lab.test old-name.lab.test intermediate "$(day '-2 days')" "$(day '+3650 days')"
leaf expired ws.lab.test intermediate "$(day '-90 days')" "$(day '-1 day')"
leaf self-signed ws.lab.test none "$(day '-2 days')" "$(day '+3650 days')"
cp root.pem "$tls/lab-root.pem"

rm -rf "$work"
find "$tls" -type d -exec chmod 755 {} +
find "$tls" -type f -exec chmod 644 {} +
find "$tls" -name privkey.pem -exec chown 33:33 {} + -exec chmod 400 {} + # nginx runs as www-data
