"""What the scenarios of ICE, DTLS-SRTP and browsers share: a network namespace of their own (neither baresip nor Chromium describes
loopback addresses as candidates), and a Chromium that is a phone by JsSIP."""
import http.server
import json
import os
import shutil
import subprocess
import sys
import threading

import fixture as jt

NETWORK = "10.77.0"
JSSIP, BUNDLER = "jssip@3.10.1", "esbuild@0.21.5"

PAGE = """<!DOCTYPE html><html><body><audio id="speaker" autoplay></audio><video id="screen" autoplay muted></video><script src="/jssip.js"></script><script>
const settings = @SETTINGS@;
const tell = (kind, more = {}) => fetch('/tell', {method: 'POST', body: JSON.stringify({kind, ...more})});
window.onerror = (message) => { tell('error', {message: String(message)}); };
window.onunhandledrejection = (event) => { tell('error', {message: String(event.reason)}); };
const media = {audio: {echoCancellation: false, noiseSuppression: false, autoGainControl: false}, video: @VIDEO@};
const agent = new JsSIP.UA({sockets: [new JsSIP.WebSocketInterface(settings.socket)], uri: settings.uri, password: settings.password,
                            register: true, session_timers: false});
let session = null;
function listen(stream) {
    document.getElementById('speaker').srcObject = stream;
    const context = new AudioContext();
    const analyser = context.createAnalyser();
    analyser.fftSize = 8192;
    context.createMediaStreamSource(stream).connect(analyser);
    const bins = new Float32Array(analyser.frequencyBinCount);
    setInterval(() => {
        analyser.getFloatFrequencyData(bins);
        let best = 0;
        for (let i = 1; i < bins.length; ++i) if (bins[i] > bins[best]) best = i;
        tell('heard', {hz: best * context.sampleRate / analyser.fftSize, level: bins[best]});
    }, 200);
}
// What is seen: frames decoded, and the mean colour of the last one.
function watch(stream) {
    const screen = document.getElementById('screen'), canvas = document.createElement('canvas');
    screen.srcObject = stream;
    canvas.width = canvas.height = 16;
    const context = canvas.getContext('2d', {willReadFrequently: true});
    let frames = 0;
    const frame = () => {
        context.drawImage(screen, 0, 0, 16, 16);
        const pixels = context.getImageData(0, 0, 16, 16).data, mean = [0, 0, 0];
        for (let i = 0; i < pixels.length; ++i) if (i % 4 < 3) mean[i % 4] += pixels[i] / 256;
        if (++frames % 5 === 0) tell('seen', {frames, colour: mean});
        screen.requestVideoFrameCallback(frame);
    };
    screen.requestVideoFrameCallback(frame);
}
async function count(connection) {
    const found = {};
    (await connection.getStats()).forEach((one) => {
        if (one.type === 'inbound-rtp' && one.kind === 'video') found.in = {frames: one.framesDecoded || 0, keys: one.keyFramesDecoded || 0, packets: one.packetsReceived};
        if (one.type === 'outbound-rtp' && one.kind === 'video') found.out = {keys: one.keyFramesEncoded || 0, plis: one.pliCount || 0, frames: one.framesEncoded || 0, packets: one.packetsSent};
        if (one.type === 'transport') found.transports = (found.transports || 0) + 1;
    });
    tell('video', found);
}
async function look(connection) {
    const found = {};
    (await connection.getStats()).forEach((one) => {
        if (one.type === 'transport') found.transport = {dtls: one.dtlsState, cipher: one.srtpCipher, pair: one.selectedCandidatePairId};
        if (one.type === 'inbound-rtp') found.inbound = {packets: one.packetsReceived, lost: one.packetsLost};
        if (one.type === 'codec') found.codec = one.mimeType;
    });
    tell('stats', found);
}
agent.on('registered', () => tell('registered'));
agent.on('registrationFailed', (event) => tell('refused', {cause: event.cause}));
agent.on('newRTCSession', (event) => {
    session = event.session;
    session.on('sdp', (event) => {
        // Chromium writes bundle-only where it begins, not where its candidates are complete, which is when JsSIP sends it (RFC 8843 7.2.1).
        if (@BUNDLE_ONLY@ && event.originator === 'local' && event.type === 'offer') {
            const [before, video] = event.sdp.split(/^(?=m=video )/m);
            event.sdp = before + video.replace(/^m=video \\d+/, 'm=video 0').replace(/^a=(ice-|fingerprint|setup|candidate).*\\r\\n/gm, '') + 'a=bundle-only\\r\\n';
        }
        tell('sdp', {originator: event.originator, type: event.type, sdp: event.sdp});
    });
    session.on('confirmed', () => { tell('confirmed'); setTimeout(() => look(session.connection), 2000); });
    session.on('ended', (event) => tell('ended', {cause: event.cause}));
    session.on('failed', (event) => tell('failed', {cause: event.cause}));
    const tracks = (connection) => connection.addEventListener('track', (event) => (event.track.kind === 'video' ? watch : listen)(new MediaStream([event.track])));
    if (session.connection) tracks(session.connection);
    session.on('peerconnection', (event) => tracks(event.peerconnection));
    if (event.originator === 'remote') session.answer({mediaConstraints: media});
});
const commands = {
    dial: (number) => agent.call(number, {mediaConstraints: media, rtcOfferConstraints: @VIDEO@ ? {offerToReceiveVideo: true} : undefined}),
    hang_up: () => session.terminate(),
    press: (digits) => session.sendDTMF(digits, {transportType: 'RFC2833'}),
    hold: () => session.hold(), resume: () => session.unhold(),
    count: () => count(session.connection),
    restart: () => session.renegotiate({rtcOfferConstraints: {iceRestart: true}}, () => tell('renegotiated')),
};
(async () => {
    agent.start();
    for (;;) {
        const next = await (await fetch('/next')).json();
        if (next.command) commands[next.command](next.value);
    }
})();
</script></body></html>"""


def bundle(test):
    """JsSIP in one file, as a page loads it."""
    package, bundler = test.npm_folder(JSSIP), test.npm_folder(BUNDLER)
    made = package / "jssip.bundle.js"
    if not made.exists():
        subprocess.run([bundler / "node_modules/.bin/esbuild", package / "node_modules/jssip/lib-es5/JsSIP.js", "--bundle", "--global-name=JsSIP",
                        "--format=iife", "--platform=browser", f"--outfile={made}"], check=True, capture_output=True)
    return made


class Browser:
    """A headless Chromium with a page that registers, and a microphone that plays a tone."""

    def __init__(self, test, user, socket, domain, password="secret", tone=440, video=False, bundle_only=False):
        self.reports, self.commands, self.news = [], [], threading.Condition()
        self.folder = test.folder / f"browser-{user}"
        self.folder.mkdir()
        jt.write_tone(self.folder / "tone.wav", tone, 30, rate=48000)
        script = bundle(test).read_bytes()
        settings = {"socket": socket, "uri": f"sip:{user}@{domain}", "password": password}
        page = PAGE.replace("@SETTINGS@", json.dumps(settings)).replace("@VIDEO@", "true" if video else "false").replace("@BUNDLE_ONLY@", "true" if bundle_only else "false").encode()
        browser = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                if self.path == "/next":
                    body = json.dumps(browser.next_command()).encode()
                else:
                    body = script if self.path == "/jssip.js" else page
                self.answer(body, "text/javascript" if self.path.endswith(".js") else "text/html; charset=utf-8")

            def do_POST(self):
                report = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with browser.news:
                    browser.reports.append(report)
                    browser.news.notify_all()
                self.answer(b"", "text/plain")

            def answer(self, body, kind):
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):  # the browser went away in the middle of an answer
                pass

        self.server = Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.output = open(self.folder / "output.txt", "wb")
        self.process = subprocess.Popen(
            ["chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-extensions",
             "--disable-background-networking", "--disable-component-update", f"--user-data-dir={self.folder}/profile", "--use-fake-ui-for-media-stream",
             "--use-fake-device-for-media-stream", f"--use-file-for-fake-audio-capture={self.folder}/tone.wav", "--ignore-certificate-errors",
             "--autoplay-policy=no-user-gesture-required", "--disable-features=WebRtcHideLocalIpsWithMdns", "--enable-logging=stderr",
             f"http://localhost:{self.server.server_port}/"],
            stdin=subprocess.DEVNULL, stdout=self.output, stderr=subprocess.STDOUT, start_new_session=True)
        test.addCleanup(self.stop)

    def next_command(self):
        with self.news:
            self.news.wait_for(lambda: self.commands, 5)
            return self.commands.pop(0) if self.commands else {}

    def do(self, command, value=None):
        with self.news:
            self.commands.append({"command": command, "value": value})
            self.news.notify_all()

    def mark(self):
        return len(self.reports)

    def wait(self, kind, seconds=20, since=0, **more):
        def found():
            return next((one for one in list(self.reports)[since:] if one["kind"] == kind and all(one.get(key) == value for key, value in more.items())), None)
        try:
            return jt.wait_until(found, seconds, f"'{kind}' of the browser")
        except AssertionError as error:
            brief = [one for one in self.reports if one["kind"] != "heard"][-6:]
            raise AssertionError(f"{error}; it told {json.dumps(brief, indent=1)[-4000:]}") from None

    def wait_to_hear(self, hz, seconds=15):
        since = self.mark()
        jt.wait_until(lambda: any(one["kind"] == "heard" and abs(one["hz"] - hz) < 12 and one["level"] > -60 for one in list(self.reports)[since:]),
                      seconds, f"a tone of {hz} Hz at the browser; it heard {[one for one in self.reports if one['kind'] == 'heard'][-3:]}")

    def wait_to_see(self, frames=15, seconds=25):
        """That many frames more of the other browser's camera, whose picture is green."""
        since = self.mark()

        def seen():
            new = [one for one in list(self.reports)[since:] if one["kind"] == "seen" and one["colour"][1] > 1.3 * max(one["colour"][0], one["colour"][2])]
            return len(new) > 1 and new[-1]["frames"] - new[0]["frames"] >= frames
        jt.wait_until(seen, seconds, f"video at the browser; it saw {[one for one in self.reports if one['kind'] == 'seen'][-3:]}")

    def count(self):
        since = self.mark()
        self.do("count")
        return self.wait("video", since=since)

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.output.close()
        self.server.shutdown()
        self.server.server_close()


class MediaScenario(jt.ScenarioTest):
    """A scenario in the namespace that main() makes."""

    def setUp(self):
        super().setUp()
        self.network = NETWORK
        self.server = f"{NETWORK}.1"


def main(packages=()):
    """Runs the tests of the file in a network namespace with a few addresses; what npm is asked for is fetched before."""
    if os.environ.get("JACKFIELD_NAMESPACE") != "1":
        for package in packages:
            try:
                jt.ScenarioTest().npm_folder(package)
            except BaseException as error:  # a test that needs it says so again
                print(f"npm: {error}", file=sys.stderr)
        os.environ["JACKFIELD_NAMESPACE"] = "1"
        os.execvp("unshare", ["unshare", "-n" if os.geteuid() == 0 else "-rn", sys.executable, *sys.argv])
    commands = ["link set lo up", "link add media0 type bridge", "link set media0 up"]
    for command in commands + [f"addr add {NETWORK}.{host}/24 dev media0" for host in range(1, 5)]:
        subprocess.run(["ip", *command.split()], check=True)
    jt.main()


def chromium_is_missing():
    return shutil.which("chromium") is None
