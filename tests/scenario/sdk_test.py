"""The SDK: an installed Jackfield builds the example modules out of tree, loads and runs them; another ABI is refused."""
import os
import subprocess

import fixture as jt

PLAN = """
[default]
exten => 700,1,Hello(tone440)
 same => n,Verbose(1,hello said ${HELLO_KEY})
 same => n,Hangup()
exten => 701,1,Dial(Tone/850,20)
"""


def run(*command, **options):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=600 * jt.SLOWNESS, **options)
    if done.returncode:
        raise AssertionError(f"{' '.join(map(str, command))}:\n{(done.stdout + done.stderr)[-4000:]}")
    return done.stdout


class Sdk(jt.ScenarioTest):
    def build_example(self, prefix, build, *options):
        # A sanitized core needs modules built alike: the flags come with the package.
        run("cmake", "-S", jt.ROOT / "contrib/sdk-example", "-B", build, "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={prefix}", *options)
        run("cmake", "--build", build)
        return sorted(build.rglob("*.so"))

    def test_modules_built_out_of_tree_load_run_and_another_abi_is_refused(self):
        prefix = self.folder / "prefix"
        run("cmake", "--install", jt.BUILD, "--prefix", prefix, env=dict(os.environ, DESTDIR=""))
        modules = self.build_example(prefix, self.folder / "build")
        self.assertEqual(["app_hello.so", "chan_tone.so", "codec_xor.so"], [module.name for module in modules])
        directory = next(prefix.rglob("chan_sip.so")).parent
        for module in modules:
            (directory / module.name).write_bytes(module.read_bytes())
        jackfield = self.daemon({"pjsip.conf": jt.TRANSPORT + jt.PHONE_TEMPLATE + jt.phone_objects("6001"), "extensions.conf": PLAN},
                                start=False)
        jackfield.write("jackfield.conf", jackfield.main_settings() + f"astmoddir => {directory}\n")
        sounds = jackfield.folder / "lib/sounds/en"
        sounds.mkdir(parents=True)
        jt.write_tone(sounds / "tone440.wav", 440, 2)
        jackfield.start()

        alice = self.phone("6001", tone=1000)
        alice.dial("700")
        alice.wait_to_hear(440)
        jackfield.wait_for_log("hello said", 15)
        alice.wait_event("CALL_CLOSED", 15)
        alice.dial("701")
        alice.wait_to_hear(850)
        alice.hang_up()
        jackfield.wait_idle()
        self.assertIn("xor8", jackfield.ask("core show codecs"))
        for module in modules:
            jackfield.ask(f"module unload {module.stem}")

        other = self.build_example(prefix, self.folder / "other", "-DCMAKE_CXX_FLAGS=-DJACKFIELD_ABI_SUFFIX='\"+other\"'")
        (directory / "app_hello.so").write_bytes(next(module for module in other if module.name == "app_hello.so").read_bytes())
        refused = jackfield.cli("module load app_hello", check=False)
        self.assertNotEqual(0, refused.returncode)
        text = refused.stdout + refused.stderr
        self.assertIn("+other", text)
        self.assertGreaterEqual(text.count("jackfield-1/gcc-abi"), 2, text)


if __name__ == "__main__":
    jt.main()
