"""nginx and haproxy as they are packaged: alone, answering themselves, and in front of the server."""
import os
import shutil
import socket
import subprocess
import time

NGINX = """
daemon off;
master_process off;
pid {dir}/nginx.pid;
error_log {dir}/nginx.log;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {dir}/body;
    proxy_temp_path {dir}/proxy;
    fastcgi_temp_path {dir}/fastcgi;
    uwsgi_temp_path {dir}/uwsgi;
    scgi_temp_path {dir}/scgi;
    lingering_close off;
    large_client_header_buffers 4 16k;
    upstream behind {{ server 127.0.0.1:{behind}; keepalive 16; }}
    map $http_upgrade $connection_of {{ default upgrade; "" ""; }}
    server {{
        listen 127.0.0.1:{alone};
        location / {{ return 200 "ok\\n"; }}
    }}
    server {{
        listen 127.0.0.1:{front};
        location / {{
            proxy_pass http://behind;
            proxy_http_version 1.1;
            proxy_set_header Host $http_host;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection $connection_of;
            proxy_set_header X-Seen $request_id;
            proxy_next_upstream off;
        }}
    }}
}}
"""

HAPROXY = """
global
    maxconn 256
    tune.bufsize 32768
defaults
    mode http
    timeout connect 2s
    timeout client 5s
    timeout server 5s
    timeout http-request 5s
    timeout tunnel 5s
frontend alone
    bind 127.0.0.1:{alone}
    http-request return status 200 content-type text/plain string "ok"
frontend front
    bind 127.0.0.1:{front}
    default_backend behind
backend behind
    http-reuse always
    retries 0
    http-request set-header X-Seen %[uuid]
    server uproar 127.0.0.1:{behind}
"""


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


class Proxy:
    """One of them; `alone` and `front` are its ports."""

    def __init__(self, name, directory, behind):
        self.name = name
        self.alone, self.front = free_ports(2)
        text = (NGINX if name == "nginx" else HAPROXY).format(
            dir=directory, alone=self.alone, front=self.front, behind=behind)
        path = os.path.join(directory, name + ".conf")
        with open(path, "w") as file:
            file.write(text)
        program = shutil.which(name) or f"/usr/sbin/{name}"
        command = [program, "-c", path, "-p", directory] if name == "nginx" else [program, "-db", "-f", path]
        self.log = open(os.path.join(directory, name + ".out"), "w")
        self.process = subprocess.Popen(command, stdout=self.log, stderr=subprocess.STDOUT)
        end = time.monotonic() + 10
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.front)).close()
                return
            except OSError:
                if time.monotonic() > end or self.process.poll() is not None:
                    self.stop()
                    raise RuntimeError(f"{name} does not start: {directory}/{name}.out") from None
                time.sleep(0.05)

    def version(self):
        program = shutil.which(self.name) or f"/usr/sbin/{self.name}"
        said = subprocess.run([program, "-v"], capture_output=True, text=True)
        return (said.stdout + said.stderr).split("\n")[0]

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(3)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()


def is_there(name):
    return bool(shutil.which(name) or os.path.exists(f"/usr/sbin/{name}"))
