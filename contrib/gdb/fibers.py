"""gdb: prints Jackfield's fibers with their back traces, of a running process or of a core file.

    gdb -p $(pidof jackfield) -x contrib/gdb/fibers.py -ex fibers -batch
    gdb build/release/bin/jackfield core -x contrib/gdb/fibers.py -ex fibers -batch

The core must be the kernel's: gdb's own generate-core-file leaves out mappings with guard pages, and so the stacks.

`fibers` prints all, `fibers TEXT` those whose name or module contains TEXT, `fibers -q` no back traces.
x86-64; reads jackfield_fiber_layout (core/runtime/fiber_private.hpp) and no type information.
"""
import gdb
import gdb.unwinder

STATES = ("runnable", "running", "waiting", "ended")


def word(address):
    return int.from_bytes(gdb.selected_inferior().read_memory(address, 8).tobytes(), "little")


def half_word(address):
    return int.from_bytes(gdb.selected_inferior().read_memory(address, 4).tobytes(), "little")


def text(address):
    """A std::string: its bytes' address, its size."""
    size = min(word(address + 8), 4096)
    return gdb.selected_inferior().read_memory(word(address), size).tobytes().decode("utf-8", "replace") if size else ""


def place(address):
    """A std::source_location: a pointer to file, function, line, column."""
    where = word(address)
    if not where or not word(where):
        return "-"
    line = half_word(where + 16)
    return "%s:%d" % (gdb.Value(word(where)).cast(gdb.lookup_type("char").pointer()).string(), line) if line else "-"


class Layout:
    FIELDS = ("version", "first", "next", "id", "state", "name", "gate", "started_at", "waits_at", "context")

    def __init__(self):
        start = int(gdb.parse_and_eval("(unsigned long)&jackfield_fiber_layout"))
        for i, field in enumerate(self.FIELDS):
            setattr(self, field, word(start + 8 * i))
        if self.version != 1:
            raise gdb.GdbError("this fibers.py does not know layout %d" % self.version)

    def fibers(self):
        fiber = word(self.first) if self.first else 0
        while fiber:
            yield fiber
            fiber = word(fiber + self.next)


class ParkedUnwinder(gdb.unwinder.Unwinder):
    """While `context` is set, the frame above the innermost one is the fiber that is saved there."""

    class FrameId:
        def __init__(self, sp, pc):
            self.sp = sp
            self.pc = pc

    # What Boost.Context's jump_x86_64_sysv_elf_gas.S keeps below the return address, downwards from it.
    SAVED = ("rbp", "rbx", "r15", "r14", "r13", "r12")

    @staticmethod
    def return_address_offset():
        """From the saved stack pointer; it depends on whether the library was built to switch stack protectors."""
        code = gdb.selected_inferior().read_memory(
            int(gdb.parse_and_eval("(unsigned long)&jump_fcontext")), 16).tobytes()
        at = code.find(b"\x48\x8d\x64\x24")  # lea -N(%rsp),%rsp
        if at < 0:
            raise gdb.GdbError("this build of Boost.Context saves registers in an unknown way")
        return 256 - code[at + 4]

    def __init__(self):
        super().__init__("jackfield-fiber")
        self.context = None
        self.innermost = None

    def __call__(self, frame):
        if self.context is None:
            return None
        sp = int(frame.read_register("rsp"))
        if self.innermost is None:
            self.innermost = sp
        if sp != self.innermost:
            return None
        long_type = gdb.lookup_type("unsigned long")
        info = frame.create_unwind_info(
            self.FrameId(gdb.Value(self.context).cast(long_type), frame.read_register("rip")))
        top = self.context + self.return_address_offset()
        info.add_saved_register("rip", gdb.Value(word(top)).cast(long_type))
        for i, register in enumerate(self.SAVED, 1):
            info.add_saved_register(register, gdb.Value(word(top - 8 * i)).cast(long_type))
        info.add_saved_register("rsp", gdb.Value(top + 8).cast(long_type))
        return info

    def back_trace(self, context):
        self.context, self.innermost = context, None
        gdb.invalidate_cached_frames()
        try:
            lines = gdb.execute("bt", to_string=True).splitlines()
        finally:
            self.context = None
            gdb.invalidate_cached_frames()
        trace = []
        for line in lines[1:]:  # the innermost frame is the thread's own
            trace.append(line)
            if "FiberScheduler::entry" in line:
                break  # below it there is nothing, and no unwind information that says so
        return trace


unwinder = ParkedUnwinder()
gdb.unwinder.register_unwinder(None, unwinder, True)


class Fibers(gdb.Command):
    def __init__(self):
        super().__init__("fibers", gdb.COMMAND_STACK)

    def invoke(self, argument, from_tty):
        words = gdb.string_to_argv(argument)
        quiet = "-q" in words
        wanted = [w for w in words if w != "-q"]
        layout = Layout()
        count = 0
        for fiber in layout.fibers():
            name = text(fiber + layout.name)
            gate = word(fiber + layout.gate)
            module = text(gate) if gate else "core"
            if any(w not in name and w not in module for w in wanted):
                continue
            count += 1
            state = gdb.selected_inferior().read_memory(fiber + layout.state, 1).tobytes()[0]
            print('fiber %d "%s" module %s: %s at %s, started at %s' % (
                word(fiber + layout.id), name, module, STATES[state] if state < len(STATES) else "?",
                place(fiber + layout.waits_at), place(fiber + layout.started_at)))
            if not quiet and STATES[state] in ("runnable", "waiting"):
                for line in unwinder.back_trace(word(fiber + layout.context)):
                    print("    " + line)
        print("%d fibers" % count)


Fibers()
