# Two targets are all that a newcomer needs: `make start` and `make test`.

GO      ?= go
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
COMMIT  ?= $(shell git rev-parse --short=12 HEAD 2>/dev/null)
LDFLAGS := -s -w -X main.version=$(VERSION) -X main.commit=$(COMMIT)
LESSON  ?= 03
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2

.PHONY: arm64 course nightly start build install test lint prepare base-image clean bench pictures torture fuzz supply dist

start: build ## build lab and open lesson 03 with its lab
	bin/lab start $(LESSON)

build: ## bin/lab
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/lab ./cmd/lab

install: ## lab, where `go install` puts programs
	CGO_ENABLED=0 $(GO) install -trimpath -ldflags '$(LDFLAGS)' ./cmd/lab

test: prepare lint build ## everything; the Docker suites, too, where an engine answers
	sh .ci/test.sh

course: build prepare ## every lab of the course: fail before, pass after, every mistake and answer; LABS="03 04" QUICK=1
	LABS="$(LABS)" QUICK="$(QUICK)" SHARD="$(SHARD)" sh .ci/course.sh

nightly: test course torture ## everything in full: tests, the whole course, the long harnesses, five minutes a fuzz target
	FUZZTIME=5m sh .ci/fuzz.sh

arm64: ## the labs' images for linux/arm64 and lab 03 on them, emulated on an engine of its own (needs root); LABS="03"
	sh .ci/arm64.sh $(LABS)

lint: ## formatting, vet, staticcheck; the import picture is a test
	@out=$$(gofmt -l cmd internal lessons labs assets); if [ -n "$$out" ]; then echo "not gofmt-ed: $$out"; exit 1; fi
	$(GO) vet ./...
	$(GO) run $(STATICCHECK) ./...

torture: prepare ## long harnesses: what is tried, survived, lost and left, in a table; SEED=1 SOAK=15m ONLY=Kill
	SEED="$(SEED)" SOAK="$(SOAK)" ONLY="$(ONLY)" sh .ci/torture.sh

fuzz: ## every fuzz target for FUZZTIME, one after the other; ONLY=Pattern
	FUZZTIME="$(FUZZTIME)" ONLY="$(ONLY)" sh .ci/fuzz.sh

supply: ## checksums of modules, known vulnerabilities where their database can be reached, and two builds alike
	sh .ci/supply.sh

prepare: ## what the tests need: Debian's packages, and the labs' base image
	sh .ci/prepare.sh

base-image: ## debian:trixie-slim from Debian's packages and caddy from its module, where they cannot be pulled
	sh labs/base-image.sh debian
	sh labs/base-image.sh caddy

dist: ## archives for every system, with completions, man pages, licences and SHA256SUMS
	$(GO) run ./.ci/dist -version '$(VERSION)' -ldflags '$(LDFLAGS)' -out dist

clean: ## remove what was built
	rm -rf bin dist

bench: build ## one table of figures, ours beside a peer (COMPOSE=path names another compose)
	$(GO) test -tags bench -run TestBench -count=1 -v -timeout 30m ./cmd/lab

pictures: ## the README's pictures, drawn from the real program (needs tmux)
	$(GO) test -tags pictures -run TestPictures -count=1 ./cmd/lab
