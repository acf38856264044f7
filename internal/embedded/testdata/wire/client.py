"""Sends raw bytes to the backend, entry by entry, and prints what came back as JSON: Base64 and how it ended."""

import base64
import json
import re
import socket
import sys
import time


def unescape(text):
    data = text.encode().decode("unicode_escape")
    data = re.sub(r"\{(.)\*(\d+)\}", lambda m: m[1] * int(m[2]), data)
    return data.encode("latin-1")


def receive(s, out, wait):
    s.settimeout(wait)
    try:
        while data := s.recv(65536):
            out += data
        return "end"
    except TimeoutError:
        return "open"
    except ConnectionResetError:
        return "reset"


def play(parts):
    out = bytearray()
    with socket.create_connection((host, port)) as s:
        for i, part in enumerate(parts):
            s.sendall(unescape(part))
            if i + 1 < len(parts):
                s.settimeout(3)
                while i == 0 and not out.endswith(b"\r\n\r\n"):
                    out += s.recv(1)
                time.sleep(0.05)
        end = receive(s, out, 0.25 if not any("/hold/" in p for p in parts) else 1.5)
    return base64.b64encode(out).decode(), end


send, marks, host, port = json.loads(sys.argv[1])
answers = []
for parts, mark in zip(send, marks):
    answers.append(play(parts))
    time.sleep(0.15)  # what was logged on the other stream comes late
    play([f"GET /ws HTTP/1.0\\r\\nX-Lab-Probe: {mark}\\r\\n\\r\\n"])
print(json.dumps(answers))
