"""A machine made of files: a powercap tree and a /proc, in a folder, whose energy and load are what a test says."""

from pathlib import Path

INTEL_RANGE = 262_143_328_850  # microjoules: wraps every 17.5 minutes at 250 W
AMD_RANGE = 65_532_610_987

CPUINFO = """processor\t: 0
vendor_id\t: {vendor}
cpu family\t: {family}
model\t\t: {model}
model name\t: {name}
stepping\t: {stepping}
siblings\t: {siblings}
cpu cores\t: {siblings}
flags\t\t: fpu vme{hypervisor}

processor\t: 1
model name\t: never read
"""


class PowercapMachine:
    """Writes what a kernel would show. *sys* and *proc* are for a Context; powers and loads change by method calls."""

    def __init__(self, root: Path) -> None:
        self.sys, self.proc = root / "sys", root / "proc"
        self.top = self.sys / "class/powercap"
        self._real = self.sys / "devices/virtual/powercap/intel-rapl"
        (self.proc / "self").mkdir(parents=True)
        (self.sys / "devices/system/cpu").mkdir(parents=True)
        self._ticks = [0] * 8

    def processor(
        self,
        name: str = "Intel(R) Xeon(R) Platinum 8280 CPU @ 2.70GHz",
        *,
        vendor: str = "GenuineIntel",
        family: int = 6,
        model: int = 85,
        stepping: int = 7,
        threads: int = 4,
        siblings: int | None = None,
        virtual: bool = False,
    ) -> None:
        """Have *threads* CPUs of this kind, *siblings* of them in each package."""
        text = CPUINFO.format(
            vendor=vendor,
            family=family,
            model=model,
            name=name,
            stepping=stepping,
            siblings=siblings or threads,
            hypervisor=" hypervisor" if virtual else "",
        )
        (self.proc / "cpuinfo").write_text(text)
        (self.sys / "devices/system/cpu/online").write_text(f"0-{threads - 1}\n")

    def zone(self, key: str, name: str, joules: float = 0.0, *, range_uj: int = INTEL_RANGE, **limits: int) -> Path:
        """Add the zone intel-rapl:*key* ("0", "0:1"), *limits* being files like constraint_0_max_power_uw; return it.

        As in sysfs, a zone lies within its package's folder, and a flat link leads to it.
        """
        parts = key.split(":")
        names = ["intel-rapl:" + ":".join(parts[: depth + 1]) for depth in range(len(parts))]
        folder = self._real.joinpath(*names)
        folder.mkdir(parents=True)
        for file, value in {"name": name, "max_energy_range_uj": range_uj, **limits}.items():
            (folder / file).write_text(f"{value}\n")
        self.top.mkdir(parents=True, exist_ok=True)
        link = self.top / names[-1]
        link.symlink_to(folder)
        self.count(link, joules)
        return link

    def mmio(self, key: str, name: str, joules: float = 0.0) -> Path:
        """Add a zone of the other control type, which shows on many laptops what package 0 shows; return it."""
        folder = self._real.with_name("intel-rapl-mmio") / f"intel-rapl-mmio:{key}"
        folder.mkdir(parents=True)
        (folder / "name").write_text(f"{name}\n")
        (folder / "max_energy_range_uj").write_text(f"{INTEL_RANGE}\n")
        self.top.mkdir(parents=True, exist_ok=True)
        link = self.top / folder.name
        link.symlink_to(folder)
        self.count(link, joules)
        return link

    @staticmethod
    def count(folder: Path, joules: float) -> None:
        """Let the zone in *folder* show *joules*, wrapped to its range as the kernel wraps them."""
        largest = int((folder / "max_energy_range_uj").read_text())
        new = folder / "energy_uj.new"  # a kernel's file is never half written
        new.write_text(f"{round(joules * 1e6) % (largest + 1)}\n")
        new.replace(folder / "energy_uj")

    def work(self, *, busy: float = 0.0, idle: float = 0.0, iowait: float = 0.0, steal: float = 0.0) -> None:
        """Spend CPU seconds; half of the busy ones are user time and half are the system's."""
        for column, seconds in ((0, busy / 2), (2, busy / 2), (3, idle), (4, iowait), (7, steal)):
            self._ticks[column] += round(seconds * 100)
        (self.proc / "stat").write_text("cpu  " + " ".join(map(str, [*self._ticks, 0, 0])) + "\ncpu0 0 0 0\n")

    def frequency(self, *, policy: int, khz: int, highest_khz: int) -> None:
        """Let the processor of this *policy* run at *khz*."""
        folder = self.sys / f"devices/system/cpu/cpufreq/policy{policy}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "scaling_cur_freq").write_text(f"{khz}\n")
        (folder / "cpuinfo_max_freq").write_text(f"{highest_khz}\n")

    def memory(self, kilobytes: int) -> None:
        """Have so much memory."""
        (self.proc / "meminfo").write_text(f"MemTotal:       {kilobytes} kB\nMemFree:              0 kB\n")

    def cgroup(self, path: str, **files: str) -> Path:
        """Put this process in the version 2 control group *path*, which has these *files* (cpu_max is cpu.max)."""
        (self.proc / "self/cgroup").write_text(f"0::{path}\n")
        root = self.sys / "fs/cgroup"
        folder = root / path.strip("/")
        folder.mkdir(parents=True, exist_ok=True)
        (root / "cgroup.controllers").write_text("cpu memory\n")
        for name, text in files.items():
            (folder / name.replace("_", ".", 1)).write_text(text + "\n")
        return folder

    def process(self, pid: int, parent: int, *, used: float = 0.0, reaped: float = 0.0, started: int = 1) -> None:
        """Have a process that used so many CPU seconds, and whose children that it waited for used *reaped*."""
        (self.proc / str(pid)).mkdir(exist_ok=True)
        fields = ["S", parent, *[0] * 9, round(used * 100), 0, round(reaped * 100), 0, 0, 0, 0, 0, started, 0, 0]
        (self.proc / str(pid) / "stat").write_text(f"{pid} (a) b) (c) " + " ".join(map(str, fields)) + "\n")

    def ends(self, pid: int) -> None:
        """The process is gone, and was waited for."""
        (self.proc / str(pid) / "stat").unlink()
        (self.proc / str(pid)).rmdir()
