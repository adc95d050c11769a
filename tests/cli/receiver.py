"""A server for the command line's tests: real TLS with a client certificate, receipts signed with
Ed25519 by the openssl program. Made anew in a folder; nothing in it is kept."""
import base64
import hashlib
import http.server
import json
import os
import ssl
import subprocess
import tempfile
import threading
import time


def openssl(*words, data=None):
    return subprocess.run(["openssl", *words], input=data, check=True, capture_output=True).stdout


def make_authority(folder):
    """A certificate authority, a server for localhost, a client, and the key that signs receipts."""
    def path(name):
        return os.path.join(folder, name)
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
            "-subj", "/CN=test authority", "-keyout", path("ca.key"), "-out", path("ca.pem"))
    for name, extension in (("server", "subjectAltName=DNS:localhost,IP:127.0.0.1"), ("client", "keyUsage=digitalSignature")):
        with open(path(name + ".ext"), "w", encoding="ascii") as f:
            f.write(extension + "\n")
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
                "-keyout", path(name + ".key"), "-out", path(name + ".csr"))
        openssl("x509", "-req", "-in", path(name + ".csr"), "-CA", path("ca.pem"), "-CAkey", path("ca.key"),
                "-CAcreateserial", "-days", "2", "-extfile", path(name + ".ext"), "-out", path(name + ".pem"))
    openssl("genpkey", "-algorithm", "ed25519", "-out", path("receipts.key"))
    openssl("pkey", "-in", path("receipts.key"), "-pubout", "-out", path("receipts.pem"))
    for name in ("client.key", "server.key", "receipts.key", "ca.key"):
        os.chmod(path(name), 0o600)


class Receiver:
    """`answer` decides: "good", "refuse" (400 with problem details), "busy" (503)."""

    def __init__(self, folder):
        self.folder = folder
        self.answer = "good"
        self.behind_s = 0  # how far its clock is behind
        self.says_late = None  # signs that what comes is late
        self.received = {}
        self.hooks = []  # what was posted to /hook: (headers, body)
        self.posts = 0
        make_authority(folder)
        self.key_id = hashlib.sha256(openssl("pkey", "-in", f"{folder}/receipts.key", "-pubout", "-outform",
                                             "DER")).hexdigest()[:32]
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.path == "/hook":
                    receiver.hooks.append((dict(self.headers.items()), body))
                    self.send_response(204)
                    self.end_headers()
                    return
                code, kind, text = receiver.reply(self.path, self.headers["Idempotency-Key"], body)
                self.send_response(code)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(f"{folder}/server.pem", f"{folder}/server.key")
        context.load_verify_locations(f"{folder}/ca.pem")
        context.verify_mode = ssl.CERT_REQUIRED
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"https://localhost:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def sign(self, payload):
        kind = "application/vnd.tocsin.receipt+json"
        to_sign = b"DSSEv1 %d %s %d %s" % (len(kind), kind.encode(), len(payload), payload)
        with tempfile.NamedTemporaryFile() as f:
            f.write(to_sign)
            f.flush()
            signature = openssl("pkeyutl", "-sign", "-rawin", "-inkey", f"{self.folder}/receipts.key", "-in", f.name)
        return json.dumps({"payloadType": kind, "payload": base64.b64encode(payload).decode(), "signatures": [
            {"keyid": self.key_id, "sig": base64.b64encode(signature).decode()}]}).encode()

    def reply(self, path, envelope_id, body):
        self.posts += 1
        if path != "/api/v1/envelopes":
            return 404, "text/plain", b"no such place"
        if self.answer == "busy":
            return 503, "text/plain", b"later"
        if self.answer == "refuse":
            return 400, "application/problem+json", json.dumps(
                {"title": "unknown company", "detail": "this code is not enrolled", "status": 400}).encode()
        known = self.received.get(envelope_id)
        if known:
            return (409, "application/json", known[1]) if known[0] == body else (422, "text/plain", b"another body")
        said = {"envelope": envelope_id, "sha256": hashlib.sha256(body).hexdigest(), "server": "province",
                "received_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - self.behind_s))}
        if self.says_late is not None:
            said["late"] = self.says_late
        receipt = self.sign(json.dumps(said).encode())
        self.received[envelope_id] = (body, receipt)
        return 200, "application/json", receipt

    def envelopes(self):
        """What was received, opened: (payload type, payload)."""
        opened = []
        for body, _ in self.received.values():
            envelope = json.loads(body)
            opened.append((envelope["payloadType"], json.loads(base64.b64decode(envelope["payload"]))))
        return opened

    def route(self, home, name="ministry", roles="[company, local_regulator, ministry, users]", drills=False):
        """Writes the home's routes.yaml so that it leads here."""
        for file in ("ca.pem", "client.pem", "client.key", "receipts.pem"):
            with open(f"{self.folder}/{file}", "rb") as source, open(
                    os.open(f"{home}/{file}", os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "wb") as target:
                target.write(source.read())
        with open(os.open(f"{home}/routes.yaml", os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w", encoding="utf-8") as f:
            f.write(f"routes:\n  - name: {name}\n    for: {roles}\n    drills: {'true' if drills else 'false'}\n"
                    "    server_key: receipts.pem\n    ca: ca.pem\n    certificate: client.pem\n    key: client.key\n"
                    f"    ways:\n      - url: {self.url}\n")
