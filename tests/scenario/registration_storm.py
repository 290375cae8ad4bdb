"""A storm of registrations over TLS, each by a connection of its own, while calls are set up: what the calls feel of it.

    JACKFIELD_BUILD=build/release python3 tests/scenario/registration_storm.py [--connections 2000] [--at-once 200]

Prints how long the registrations took and how long a call waited for its answer before and during the storm. Last figures: tests/bench/README.md."""
import argparse
import asyncio
import hashlib
import multiprocessing
import pathlib
import random
import re
import socket
import ssl
import statistics
import sys
import tempfile
import time

CALL_EVERY = 0.02
SDP = "v=0\r\no=- 1 1 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\nm=audio 6000 RTP/AVP 0\r\n"


def md5(text):
    return hashlib.md5(text.encode()).hexdigest()


async def register(server, port, context, user, password):
    """One connection that registers by digest and stays; its writer, or None when it failed."""
    try:
        reader, writer = await asyncio.open_connection(server, port, ssl=context, server_hostname=server)
    except OSError:
        return None
    host, own = writer.get_extra_info("sockname")[:2]
    call_id, authorization = f"storm{random.randrange(1 << 40):x}", ""
    for number in (1, 2):
        writer.write((f"REGISTER sip:{server} SIP/2.0\r\nVia: SIP/2.0/TLS {host}:{own};branch=z9hG4bK{call_id}{number}\r\nMax-Forwards: 70\r\n"
                      f"From: <sip:{user}@{server}>;tag=1\r\nTo: <sip:{user}@{server}>\r\nCall-ID: {call_id}\r\nCSeq: {number} REGISTER\r\n"
                      f"Contact: <sip:{user}@{host}:{own};transport=tls>;expires=600\r\n{authorization}Content-Length: 0\r\n\r\n").encode())
        try:
            answer = (await reader.readuntil(b"\r\n\r\n")).decode()
        except (asyncio.IncompleteReadError, OSError):
            return None
        if answer.startswith("SIP/2.0 200"):
            return writer
        challenge = re.search(r'realm="([^"]*)", nonce="([^"]*)"[^\r]*MD5', answer)
        if not challenge:
            return None
        realm, nonce = challenge.groups()
        proof = md5(f"{md5(f'{user}:{realm}:{password}')}:{nonce}:00000001:c:auth:{md5(f'REGISTER:sip:{server}')}")
        authorization = (f'Authorization: Digest username="{user}", realm="{realm}", nonce="{nonce}", uri="sip:{server}", response="{proof}", '
                         'algorithm=MD5, qop=auth, nc=00000001, cnonce="c"\r\n')
    return None


async def storm(server, port, context, users, password, at_once):
    """All users register, so many at a time; returns how many did and the seconds that it took."""
    gate, began = asyncio.Semaphore(at_once), time.monotonic()

    async def one(user):
        async with gate:
            return await register(server, port, context, user, password)
    writers = [writer for writer in await asyncio.gather(*map(one, users)) if writer]
    took = time.monotonic() - began
    for writer in writers:
        writer.transport.abort()
    return len(writers), took


def run_storm(server, port, ca_file, users, password, at_once):
    return asyncio.run(storm(server, port, ssl.create_default_context(cafile=ca_file), users, password, at_once))


def call_on(server, address, stop, results):
    """Calls one after the other by the clock, until `stop`; puts (when begun, seconds until the 200) of each."""
    ear = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    ear.bind((address, 5060))
    body, number, measured, due = SDP.format(host=address), 0, [], time.monotonic()
    while not stop.is_set():
        due += CALL_EVERY
        time.sleep(max(0, due - time.monotonic()))
        number += 1
        call = f"probe{random.randrange(1 << 40):x}"

        def text(method, cseq, to_tag="", branch=""):
            content = f"Content-Type: application/sdp\r\nContent-Length: {len(body)}\r\n\r\n{body}" if method == "INVITE" else "Content-Length: 0\r\n\r\n"
            return (f"{method} sip:600@{server} SIP/2.0\r\nVia: SIP/2.0/UDP {address}:5060;branch=z9hG4bK{call}{method}{branch}\r\nMax-Forwards: 70\r\n"
                    f"From: <sip:probe@{address}>;tag=1\r\nTo: <sip:600@{server}>{to_tag}\r\nCall-ID: {call}\r\nCSeq: {cseq} {method}\r\n"
                    f"Contact: <sip:probe@{address}:5060>\r\n{content}").encode()
        began = time.monotonic()
        ear.sendto(text("INVITE", 1), (server, 5060))
        ear.settimeout(10)
        tag = None
        while tag is None:
            answer = ear.recv(65536).decode()
            if call in answer and answer.startswith("SIP/2.0 200") and "INVITE" in answer.split("CSeq:")[1].split("\r\n")[0]:
                tag = re.search(r"To: [^\r]*(;tag=[^;\r]+)", answer).group(1)
        measured.append((began, time.monotonic() - began))
        ear.sendto(text("ACK", 1, tag), (server, 5060))
        ear.sendto(text("BYE", 2, tag), (server, 5060))
    results.put(measured)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--connections", type=int, default=2000)
    parser.add_argument("--at-once", type=int, default=200, help="handshakes under way at a time")
    options = parser.parse_args()
    import fixture as jt
    from tls_test import TRANSPORTS, Keys
    network = jt.free_network()
    server, prober = f"{network}.1", f"{network}.2"
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        keys = Keys(folder, server)
        users = [f"u{n}" for n in range(options.connections)]
        objects = (jt.TRANSPORT + TRANSPORTS + jt.PHONE_TEMPLATE + "".join(jt.phone_objects(user) for user in users) +
                   f"[probe](phone)\n[probe]\ntype=identify\nendpoint=probe\nmatch={prober}\n").replace("@KEYS@", str(keys.folder))
        daemon = jt.Daemon({"modules.conf": jt.MODULES, "rtp.conf": "[general]\nrtpstart=10000\nrtpend=19999\n", "pjsip.conf": objects,
                            "extensions.conf": "[default]\nexten => 600,1,Answer()\n same => n,Wait(60)\n",
                            "logger.conf": "[logfiles]\nmessages => warning,error\n"}, server)
        try:
            daemon.start()
            stop, results = multiprocessing.Event(), multiprocessing.Queue()
            calls = multiprocessing.Process(target=call_on, args=(server, prober, stop, results))
            calls.start()
            time.sleep(3)
            with multiprocessing.Pool(1) as pool:
                began = time.monotonic()
                registered, took = pool.apply(run_storm, (server, 5061, str(keys.folder / "ca.pem"), users, "secret", options.at_once))
            stop.set()
            measured = results.get(timeout=30)
            calls.join()
        finally:
            daemon.stop()
            daemon.remove()
    print(f"{registered} of {options.connections} registered in {took:.1f} s ({registered / took:.0f}/s, {options.at_once} at once)")
    for what, chosen in (("before", [t for at, t in measured if at < began]), ("during", [t for at, t in measured if began <= at < began + took])):
        chosen.sort()
        print(f"calls {what} it: {len(chosen):5}  answered after p50 {1000 * statistics.median(chosen):.1f} ms, p99 {1000 * chosen[int(len(chosen) * 0.99)]:.1f} ms, "
              f"longest {1000 * chosen[-1]:.1f} ms")
    return 0 if registered == options.connections else 1


if __name__ == "__main__":
    sys.exit(main())
