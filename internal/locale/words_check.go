package locale

// checkWords has what the checks on several clients, on TLS, on close codes and on services that fail want and see:
// facts and meanings as in factWords, the checks' own names, and what passed on the wire.
var checkWords = catalog{
	"check.reach":    {"several clients join, one of them speaks: who hears it?", "여러 클라이언트가 접속하고 하나가 말할 때 누가 듣는지 확인"},
	"check.watch":    {"open connections, and watch what becomes of them", "연결을 열고 어떻게 되는지 지켜봄"},
	"check.arrivals": {"count the handshakes as they arrive", "도착하는 핸드셰이크 세기"},

	"wire.open.joined":       {"open", "연결됨"},
	"wire.action.kill":       {"killed (SIGKILL)", "강제 종료(SIGKILL)"},
	"wire.action.stop":       {"stopped (SIGTERM)", "종료(SIGTERM)"},
	"wire.action.start":      {"started", "시작"},
	"wire.action.restart":    {"restarted", "다시 시작"},
	"wire.action.pause":      {"frozen", "멈춤"},
	"wire.action.unpause":    {"goes on", "다시 진행"},
	"wire.action.disconnect": {"network cable pulled", "네트워크 끊김"},
	"wire.action.connect":    {"network cable back", "네트워크 연결"},
	"wire.action.reload":     {"reloaded", "리로드"},

	"fact.closes-with":           {"the server closes with code %s", "서버가 close 코드 %s{으로/로} 닫음"},
	"fact.closes-within":         {"the connection closes with code %s within %s s", "연결이 %[2]s초 안에 close 코드 %[1]s{으로/로} 닫힘"},
	"fact.closed-code":           {"the server closed with code %s", "서버가 close 코드 %s{으로/로} 닫음"},
	"fact.closed-with":           {"the connection closed with code %s after %s s", "연결이 %[2]s초 만에 close 코드 %[1]s{으로/로} 닫힘"},
	"fact.closed-lifetime":       {"%s closed the connection after %s s because its lifetime was over, not because it was idle", "%s{이/가} %s초 만에 연결을 닫음. 유휴 때문이 아니라 수명이 다해서"},
	"fact.client-status":         {"the answer is %s to client %s", "%[2]s번째 클라이언트에 응답 코드 %[1]s"},
	"fact.client-refused":        {"there was no connection (%s) for client %s", "%[2]s번째 클라이언트가 연결되지 않음: %[1]s"},
	"fact.client-bad-handshake":  {"the answer to client %[2]s is 101, but its %[1]s is missing or wrong", "%[2]s번째 클라이언트가 받은 응답은 101이지만 %[1]s{이/가} 없거나 잘못됨"},
	"fact.client-no-token":       {"client %[2]s got no token: %[1]s", "%[2]s번째 클라이언트가 토큰을 받지 못함: %[1]s"},
	"fact.beside":                {"the first %s connections are accepted", "처음 연결 %s개가 받아들여짐"},
	"fact.subprotocol":           {"the subprotocol is %s", "서브프로토콜 %s"},
	"fact.alpn":                  {"the protocol negotiated in TLS is %s", "TLS에서 협상된 프로토콜 %s"},
	"fact.reaches-all":           {"everybody hears the message", "모두 메시지를 들음"},
	"fact.reaches-not-all":       {"somebody does not hear the message", "메시지를 듣지 못하는 클라이언트가 있음"},
	"fact.reaches-none":          {"nobody else hears the message", "다른 누구도 메시지를 듣지 못함"},
	"fact.reached":               {"%s of %s others heard the message", "다른 클라이언트 %[2]s개 가운데 %[1]s개가 들음"},
	"fact.group-reaches-all":     {"everybody at %s hears the message", "%s에 접속한 모두가 메시지를 들음"},
	"fact.group-reaches-not-all": {"somebody at %s does not hear the message", "%s에 접속한 클라이언트 중 듣지 못하는 것이 있음"},
	"fact.group-reaches-none":    {"nobody at %s hears the message", "%s에 접속한 누구도 메시지를 듣지 못함"},
	"fact.group-reached":         {"at %s, %s of %s heard the message", "%s에서 %[3]s개 가운데 %[2]s개가 들음"},
	"fact.nobody-served":         {"none of the clients was served by %s", "%s{이/가} 받은 클라이언트가 없음"},
	"fact.comes-back":            {"each client comes back within %s s", "모든 클라이언트가 %s초 안에 돌아옴"},
	"fact.comes-back-to":         {"each client comes back to %s within %s s", "모든 클라이언트가 %[2]s초 안에 %[1]s{으로/로} 돌아옴"},
	"fact.back":                  {"the last client was back after %s s", "마지막 클라이언트가 %s초 만에 돌아옴"},
	"fact.not-back":              {"a client was not served again within %s s", "%s초 안에 다시 연결되지 않은 클라이언트가 있음"},
	"fact.back-elsewhere":        {"a client came back after %s s, but somewhere else", "클라이언트가 %s초 만에 다른 곳으로 돌아옴"},
	"fact.notices":               {"%s notices the end not before %s s and not after %s s", "%s{이/가} 끊긴 것을 %s초 이후, %s초 이전에 알아챔"},
	"fact.notices-with":          {"%s notices the end with code %s", "%s{이/가} close 코드 %s{으로/로} 알아챔"},
	"fact.noticed":               {"%s noticed the end after %s s, with code %s", "%s{이/가} %s초 만에 close 코드 %s{으로/로} 알아챔"},
	"fact.not-noticed":           {"%s still believed in the connection after %s s", "%s{이/가} %s초 뒤에도 연결이 살아 있다고 믿음"},
	"fact.unaware":               {"%s believes in the connection for %s s", "%s{이/가} %s초 동안 연결이 살아 있다고 믿음"},
	"fact.pings":                 {"%s pings came in %s s", "%[2]s초 동안 핑 %[1]s개"},
	"fact.pings-at-least":        {"at least %s pings come in %s s", "%[2]s초 동안 핑이 %[1]s개 이상"},
	"fact.pings-at-most":         {"at most %s pings come in %s s", "%[2]s초 동안 핑이 %[1]s개 이하"},
	"fact.arrivals":              {"%s handshakes arrived in %s s", "%[2]s초 동안 핸드셰이크 %[1]s개 도착"},
	"fact.arrivals-at-least":     {"at least %s handshakes arrive in %s s", "%[2]s초 동안 핸드셰이크가 %[1]s개 이상 도착"},
	"fact.arrivals-at-most":      {"at most %s handshakes arrive in any %s s", "어느 %[2]s초 동안에도 핸드셰이크가 %[1]s개 이하"},
	"fact.arrivals-peak":         {"%s handshakes arrived within %s s, of %s in all", "%[2]s초 동안 핸드셰이크 %[1]s개가 몰림(모두 %[3]s개)"},

	"meaning.untrusted": {
		"The client trusts none of the authorities behind the server's certificate. In a lab it is the lab's own authority; in production the server often leaves out an intermediate certificate.",
		"클라이언트가 서버 인증서의 발급자를 신뢰하지 않습니다. 실습에서는 실습용 인증 기관이고, 운영 환경에서는 서버가 중간 인증서를 빠뜨린 경우가 많습니다."},
	"meaning.wrong-name": {
		"The certificate is for another name than the one that the client asked for.",
		"인증서의 이름이 클라이언트가 요청한 이름과 다릅니다."},
	"meaning.expired": {
		"The certificate's time is over, or has not come yet; a wrong clock looks the same.",
		"인증서의 유효 기간이 지났거나 아직 시작되지 않았습니다. 시계가 틀려도 똑같이 보입니다."},
	"meaning.not-tls": {
		"The client spoke TLS to a port that does not: wss:// where the server listens for ws://.",
		"TLS를 쓰지 않는 포트에 TLS로 말했습니다. 서버는 ws://를 기다리는데 wss://로 연결했습니다."},
	"meaning.plain-on-tls": {
		"The client spoke in the clear to a TLS port: ws:// where the server listens for wss://.",
		"TLS 포트에 평문으로 말했습니다. 서버는 wss://를 기다리는데 ws://로 연결했습니다."},
	"meaning.tls-alert": {
		"The server broke off the TLS handshake: no certificate for this name, no version or protocol in common.",
		"서버가 TLS 핸드셰이크를 중단했습니다. 이 이름의 인증서가 없거나 공통 버전이나 프로토콜이 없습니다."},
	"meaning.alpn-h2": {
		"Server and client agreed on HTTP/2 in TLS. The handshake with Upgrade exists in HTTP/1.1 only.",
		"서버와 클라이언트가 TLS에서 HTTP/2로 합의했습니다. Upgrade를 쓰는 핸드셰이크는 HTTP/1.1에만 있습니다."},
	"meaning.state-not-shared": {
		"Who is connected is known to one process alone. Clients that another process serves hear nothing, unless the processes tell each other.",
		"누가 접속해 있는지는 프로세스 하나만 압니다. 프로세스끼리 알려 주지 않으면 다른 프로세스에 접속한 클라이언트는 듣지 못합니다."},
	"meaning.state-shared": {
		"The message reached clients that it should not reach: one process serves them all, or the processes tell each other.",
		"닿지 않아야 할 클라이언트에 메시지가 닿았습니다. 한 프로세스가 모두를 맡거나, 프로세스끼리 알려 주고 있습니다."},
	"meaning.half-open": {
		"The server still believes in a client that is gone. Silence is no sign of death in TCP: only something that must be answered, such as a ping, tells.",
		"서버가 이미 사라진 클라이언트를 믿고 있습니다. TCP에서 침묵은 죽음의 표시가 아니며, 핑처럼 답해야 하는 것이 있어야 알 수 있습니다."},
	"meaning.ping-flood": {
		"Pings come without a pause. In some servers an interval of 0 means “at once”, not “never”.",
		"핑이 쉬지 않고 옵니다. 간격 0을 “하지 않음”이 아니라 “바로”로 읽는 서버가 있습니다."},
	"meaning.no-close-frame": {
		"The connection ended without a close frame, which is noted as 1006: the process was killed, or something in between hung up.",
		"close 프레임 없이 끝났고, 이것이 1006으로 기록됩니다. 프로세스가 강제 종료되었거나 중간에서 끊었습니다."},
	"meaning.limit-not-enforced": {
		"The server took a message that it should have refused.",
		"거절해야 할 메시지를 서버가 받아들였습니다."},
	"meaning.thundering-herd": {
		"The clients came back all at once. Without a random part in their waiting time they do so each time.",
		"클라이언트가 한꺼번에 돌아왔습니다. 기다리는 시간에 무작위 부분이 없으면 매번 그렇게 됩니다."},
}
