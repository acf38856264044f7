"""An upstream on port 9000 that answers what the request's path says: /answer/HEX or /hold/HEX."""

import re
import socketserver


class Handler(socketserver.BaseRequestHandler):
    def handle(self):
        head = b""
        while b"\r\n\r\n" not in head:
            data = self.request.recv(65536)
            if not data:
                return
            head += data
        _, kind, text = head.split(b" ")[1].split(b"/")
        answer = bytes.fromhex(text.decode()).decode().encode().decode("unicode_escape")
        answer = re.sub(r"\{(.)\*(\d+)\}", lambda m: m[1] * int(m[2]), answer)
        self.request.sendall(answer.encode("latin-1"))
        if kind == b"hold":
            self.request.recv(65536)


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


Server(("", 9000), Handler).serve_forever()
