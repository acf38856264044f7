package locale

// factWords has what checks want and see, under "fact.<code>" with the fact's values as %s, and what that usually
// means, under "meaning.<code>" without any.
var factWords = catalog{
	"fact.status":           {"the answer is %s", "응답 코드 %s"},
	"fact.message":          {"the message “%s” comes back", "“%s” 메시지가 돌아옴"},
	"fact.closed":           {"the connection closed (%s)", "연결이 닫힘(%s)"},
	"fact.closed-after":     {"the connection closed after %s s", "%s초 만에 연결이 닫힘"},
	"fact.no-answer":        {"the connection is open but does not answer", "연결은 열려 있지만 응답이 없음"},
	"fact.refused":          {"there was no connection: %s", "연결되지 않음: %s"},
	"fact.upstream-silent":  {"%s took the request and gave no answer: it is still connecting to %s", "%s{이/가} 요청을 받았지만 응답하지 않음: 아직 %s에 연결하는 중"},
	"fact.bad-handshake":    {"the answer is 101, but its %s is missing or wrong", "응답은 101이지만 %s{이/가} 없거나 잘못됨"},
	"fact.no-token":         {"the client got no token: %s", "클라이언트가 토큰을 받지 못함: %s"},
	"fact.header":           {"the header arrived as %s: %s", "헤더가 %s: %s{으로/로} 도착함"},
	"fact.header-absent":    {"no %s header arrives", "%s 헤더가 도착하지 않음"},
	"fact.header-present":   {"the %s header arrives", "%s 헤더가 도착함"},
	"fact.not-received":     {"%s received no such request", "%s{이/가} 요청을 받지 못함"},
	"fact.open":             {"the connection is still open after %s s", "%s초 뒤에도 연결이 열려 있음"},
	"fact.closed-by":        {"%s closed the connection after %s s", "%s{이/가} %s초 만에 연결을 닫음"},
	"fact.closed-early":     {"the connection closed too early, after %s s", "연결이 너무 일찍, %s초 만에 닫힘"},
	"fact.closed-late":      {"the connection closed too late, after %s s", "연결이 너무 늦게, %s초 만에 닫힘"},
	"fact.closed-unproven":  {"the connection closed after %s s, and nothing proves who did it", "연결이 %s초 만에 닫혔지만 누가 닫았는지 증명할 것이 없음"},
	"fact.control-closed":   {"the control connection straight to the backend closed too, after %s s", "백엔드에 직접 연 비교용 연결도 %s초 만에 닫힘"},
	"fact.closes":           {"the connection closes after %s s (± %s s), by %s", "연결이 %s초(±%s초) 만에 닫히고, 닫은 쪽은 %s"},
	"fact.closes-any":       {"the connection closes after %s s (± %s s)", "연결이 %s초(±%s초) 만에 닫힘"},
	"fact.stays-open":       {"the connection stays open for %s s", "연결이 %s초 동안 열려 있음"},
	"fact.value":            {"the value in force is %s", "현재 적용된 값 %s"},
	"fact.value-default":    {"the value in force is %s, nginx's default", "현재 적용된 값 %s(nginx 기본값)"},
	"fact.not-proxied":      {"nginx answers this request itself, with %s, and hands it on to nobody", "nginx가 이 요청을 넘기지 않고 스스로 %s{으로/로} 응답함"},
	"fact.no-server":        {"no server of nginx listens on port %s", "nginx에 포트 %s{을/를} 받는 server가 없음"},
	"fact.unresolved":       {"where nginx takes this request rests on “%s” (%s), which only the running nginx can tell", "이 요청이 어디로 가는지는 실행 중인 nginx만 알 수 있는 “%s”(%s)에 달려 있음"},
	"fact.at-least":         {"the value in force is at least %s", "적용된 값이 %s 이상"},
	"fact.equals":           {"the value in force is %s", "적용된 값이 %s"},
	"fact.directive-absent": {"%s is not set", "%s{이/가} 설정되지 않음"},
	"fact.body-contains":    {"the answer contains “%s”", "응답 본문에 “%s”{이/가} 있음"},
	"fact.body":             {"the answer is “%s”", "응답 본문 “%s”"},
	"fact.log-line":         {"the log has a line that matches %s", "로그에 %s에 맞는 줄이 있음"},
	"fact.no-log-line":      {"the log has no line that matches %s", "로그에 %s에 맞는 줄이 없음"},
	"fact.exit":             {"the command ends with exit code %s", "명령의 종료 코드 %s"},
	"fact.output":           {"the command prints “%s”", "명령의 출력 “%s”"},
	"fact.timeout":          {"nothing was certain within the check's limit of %s s", "이 검사의 제한 시간 %s초 안에 결과를 확인하지 못함"},
	"fact.trouble":          {"the check itself ran into trouble: %s", "검사 자체에 문제가 생김: %s"},

	"meaning.proxy-dropped-upgrade": {
		"The proxy did not pass the Upgrade header on, so the backend saw an ordinary GET. Upgrade and Connection are hop-by-hop: a proxy drops them unless it is told to forward them.",
		"프록시가 Upgrade 헤더를 전달하지 않아 백엔드에는 일반 GET으로 보였습니다. Upgrade와 Connection은 hop-by-hop 헤더라서, 따로 지정하지 않으면 프록시가 전달하지 않습니다."},
	"meaning.upgrade-still-forwarded": {
		"The handshake still succeeds, so the proxy still passes the Upgrade header on. Is the line that forwards it gone from the location that handles this path?",
		"핸드셰이크가 여전히 성공하므로 프록시가 아직 Upgrade 헤더를 전달하고 있습니다. 이 경로를 처리하는 location에서 해당 줄을 지웠는지 확인하세요."},
	"meaning.let-in": {
		"The handshake was accepted where it should be refused: what should look at it, such as a rule for Origin, a token or a limit, was not asked, or let it pass.",
		"거절되어야 할 핸드셰이크가 받아들여졌습니다. Origin 규칙, 토큰, 제한처럼 이를 가려낼 설정이 이 요청에는 적용되지 않았거나 통과시켰습니다."},
	"meaning.backend-not-found": {
		"The backend has nothing to say at this path. Either the path is wrong, or it saw an ordinary GET where a WebSocket handshake was meant: many servers answer that with 404.",
		"백엔드에 이 경로에 해당하는 것이 없습니다. 경로가 틀렸거나, 웹소켓 핸드셰이크가 일반 GET으로 도착했을 수 있습니다. 이때 404로 답하는 서버가 많습니다."},
	"meaning.bad-gateway": {
		"The proxy got no valid answer from the backend: the address or the port that it is given is wrong, or the backend is down.",
		"프록시가 백엔드에서 올바른 응답을 받지 못했습니다. 설정의 주소나 포트가 틀렸거나 백엔드가 꺼져 있을 수 있습니다."},
	"meaning.gateway-timeout": {
		"The backend did not answer the proxy in time: it hangs, or the proxy knocks at an address where nobody answers.",
		"백엔드가 제시간에 프록시에 응답하지 않았습니다. 백엔드가 멈췄거나, 응답이 없는 주소로 연결하고 있을 수 있습니다."},
	"meaning.upstream-silent": {
		"The proxy waits for an address where nobody answers. Is the host or the port that proxy_pass, or the upstream, names the one of the backend?",
		"프록시가 아무도 응답하지 않는 주소를 기다리고 있습니다. proxy_pass나 upstream에 적은 호스트와 포트가 백엔드의 것인지 확인하세요."},
	"meaning.default-timeout": {
		"The connection is still open because the limit in force is longer than the check waits. Without a proxy_read_timeout in its place, nginx waits 60 s.",
		"적용된 제한 시간이 검사 시간보다 길어서 연결이 아직 열려 있습니다. proxy_read_timeout을 지정하지 않으면 nginx는 60초를 기다립니다."},
	"meaning.limit-not-idle": {
		"The limit ended a connection that was busy: it bounds the connection's whole life, as Caddy's stream_timeout does, and not its silence.",
		"데이터가 오가던 연결이 끊겼습니다. 이 제한은 유휴 시간이 아니라 Caddy의 stream_timeout처럼 연결 전체 수명에 대한 제한입니다."},
	"meaning.traffic-resets-timer": {
		"Something was sent on the connection. Each byte in either direction, a ping as well, starts the idle timer anew.",
		"연결에 데이터가 오갔습니다. 어느 방향이든 한 바이트라도 오가면, 핑이라도, 유휴 타이머가 처음부터 다시 시작됩니다."},
	"meaning.wrong-limit": {
		"The limit in force is not the one that was asked for. Is the value right, with its unit, and does it stand in the location that handles this path?",
		"적용된 제한 시간이 요구한 값과 다릅니다. 값과 단위가 맞는지, 이 경로를 처리하는 location 안에 있는지 확인하세요."},
	"meaning.proxy-restarted": {
		"The proxy was restarted while the connection was watched; that ends every connection, whatever the limits say.",
		"지켜보는 동안 프록시가 다시 시작되었습니다. 그러면 제한 시간과 상관없이 모든 연결이 끊깁니다."},
	"meaning.not-proxy": {
		"The connection ended, but nothing shows that the one who should end it did: neither the first FIN on the way, nor its own log. Somebody else ended it, or something in between.",
		"연결은 끊겼지만, 끊어야 할 쪽이 끊었다는 증거가 없습니다. 먼저 FIN을 보낸 쪽도, 로그의 기록도 그쪽이 아닙니다. 다른 쪽이나 중간의 무언가가 끊었을 수 있습니다."},
	"meaning.timeout-too-short": {
		"The connection was dropped before it should be: the limit in force is shorter than the one that was asked for.",
		"연결이 예정보다 일찍 끊겼습니다. 적용된 제한 시간이 요구한 값보다 짧습니다."},
	"meaning.connection-refused": {
		"Nobody accepts connections there: the proxy listens on another port, or it is not running.",
		"그 주소에서 연결을 받는 프로그램이 없습니다. 프록시가 다른 포트를 쓰고 있거나 실행 중이 아닐 수 있습니다."},
	"meaning.bad-handshake": {
		"A client must fail the connection: 101 counts only with Upgrade: websocket, Connection: Upgrade, the Sec-WebSocket-Accept that belongs to the key that it sent, and no extension that it did not ask for (RFC 6455, section 4.1). Either no WebSocket server answered, or something in between changed its answer.",
		"이런 101을 받은 클라이언트는 연결을 실패로 처리해야 합니다. Upgrade: websocket, Connection: Upgrade, 보낸 키에 맞는 Sec-WebSocket-Accept가 모두 있고, 요청하지 않은 확장이 없어야 합니다(RFC 6455 4.1절). 웹소켓 서버가 아닌 것이 답했거나 중간에서 응답이 바뀌었습니다."},
	"meaning.no-token": {
		"The client first fetches a token, then shows it. It got none, so what this check is about was never sent: whoever gives out the tokens is down, or refuses.",
		"클라이언트는 토큰을 먼저 받아 와서 보여 줍니다. 토큰을 받지 못해 검사하려는 요청은 보내지도 않았습니다. 토큰을 내주는 쪽이 꺼져 있거나 거절했습니다."},
	"meaning.redirected": {
		"The proxy answered with a redirect. A WebSocket client does not follow one: the handshake has to succeed where it knocks.",
		"프록시가 리디렉션으로 답했습니다. 웹소켓 클라이언트는 리디렉션을 따라가지 않으므로, 처음 요청한 주소에서 핸드셰이크가 성공해야 합니다."},
	"meaning.depends-on-runtime": {
		"What is in force cannot be said from outside here, and is not guessed. Give every place where this request may end the same value, or let nothing that differs from request to request decide.",
		"어떤 값이 적용되는지 밖에서는 알 수 없고, 추측하지도 않습니다. 이 요청이 도달할 수 있는 모든 곳에 같은 값을 두거나, 요청마다 달라지는 조건으로 갈리지 않게 하세요."},
	"meaning.cannot-tell": {
		"This is not about your configuration: what the check needed to see could not be seen. Check again.",
		"설정이 틀렸다는 뜻은 아닙니다. 필요한 정보를 볼 수 없었을 뿐이니 다시 검사해 보세요."},
}
