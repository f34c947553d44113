# A tree of everything that a layer can hold, and a list of what a tree holds, as JSON with names as latin1:
#   odd-tree.py make DIR
#   odd-tree.py list DIR
import hashlib, json, os, stat, sys

NET_RAW = bytes.fromhex("0100000200200000000000000000000000000000")


def make(root):
    def at(*names):
        path = b"/".join((root,) + names)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        return path

    def file(*names, data=b"x"):
        path = at(*names)
        with open(path, "wb") as out:
            out.write(data)
        return path

    def directory(*names):
        path = at(*names)
        os.makedirs(path)
        return path

    os.makedirs(root)
    # attributes
    os.chmod(file(b"attr", b"ping"), 0o755)
    os.setxattr(at(b"attr", b"ping"), "security.capability", NET_RAW)
    file(b"attr", b"noted")
    os.setxattr(at(b"attr", b"noted"), "user.note", b"a\0\xff=\n")
    os.setxattr(directory(b"attr", b"dir"), "user.dir", b"yes")
    # modes
    for name, mode in ((b"suid", 0o4755), (b"sgid", 0o2755), (b"both", 0o6711), (b"none", 0)):
        os.chmod(file(b"mode", name), mode)
    os.chmod(directory(b"mode", b"sticky"), 0o1777)
    os.chmod(directory(b"mode", b"group"), 0o2770)
    file(b"mode", b"group", b"child")
    # holes
    with open(at(b"hole", b"middle"), "wb") as out:
        out.seek(1 << 20)
        out.write(b"data")
        out.truncate(2 << 20)
    with open(at(b"hole", b"all"), "wb") as out:
        out.truncate(1 << 20)
    file(b"hole", b"short", data=bytes(1000))
    # names of one file
    file(b"link", b"a", b"one", data=b"shared")
    os.makedirs(at(b"link", b"b"))
    os.link(at(b"link", b"a", b"one"), at(b"link", b"b", b"two"))
    os.link(at(b"link", b"a", b"one"), at(b"link", b"three"))
    file(b"link", b"lone", data=b"lone")
    os.symlink(b"nowhere", at(b"link", b"dangling"))
    os.symlink(b"/" + b"t" * 300, at(b"link", b"long"))
    os.symlink(b"\xff\xfe", at(b"link", b"odd"))
    # what is no file
    os.mkfifo(at(b"dev", b"fifo"), 0o640)
    os.mknod(at(b"dev", b"null"), 0o20666, os.makedev(1, 3))
    os.mknod(at(b"dev", b"disk"), 0o60660, os.makedev(259, 70000))
    # names
    file(b"n" * 101)
    file(b"d" * 90, b"n" * 120)
    file(b"e" * 200, b"f" * 200, b"g" * 200)
    os.link(at(b"e" * 200, b"f" * 200, b"g" * 200), at(b"e" * 200, b"hard-" + b"l" * 200))
    directory(b"dir-" + b"h" * 251)
    file(*[b"x" * 60] * 20, b"leaf")
    for name in (b"\xff\xc3(", b"new\nline", b"back\\slash", "é中".encode(), b" blank ", b"-dash"):
        file(b"name", name)
    # owners
    for name, uid, gid in ((b"big", 2**31, 2**31 + 5), (b"max", 2**32 - 2, 2097152)):
        os.chown(file(b"own", name), uid, gid)
    os.symlink(b"x", at(b"own", b"link"))
    os.chown(at(b"own", b"link"), 70000, 3000000, follow_symlinks=False)
    os.chown(directory(b"own", b"dir"), 2**31, 7)
    # times, in nanoseconds
    second = 10**9
    times = {b"before": -86400 * second, b"just-before": -1, b"half": -3 * second // 2, b"epoch": 0}
    times |= {b"nanos": 1600000000123456789, b"after": 2**31 * second + 1, b"far": 2**33 * second}
    for name, time in times.items():
        os.utime(file(b"time", name), ns=(time, time))
    os.symlink(b"x", at(b"time", b"link"))
    os.utime(at(b"time", b"link"), ns=(2**31 * second, 2**31 * second), follow_symlinks=False)
    os.utime(directory(b"time", b"dir"), ns=(-5 * second, -5 * second))


def kind_and_content(path, status):
    mode = status.st_mode
    if stat.S_ISREG(mode):
        with open(path, "rb") as content:
            return f"{status.st_size} {hashlib.sha256(content.read()).hexdigest()[:12]}"
    if stat.S_ISLNK(mode):
        return os.readlink(path).decode("latin1")
    if stat.S_ISBLK(mode) or stat.S_ISCHR(mode):
        return f"{os.major(status.st_rdev)},{os.minor(status.st_rdev)}"
    return ""


def attributes(path, status):
    if stat.S_ISLNK(status.st_mode):
        return {}
    # What is for users alone is in no layer.
    names = [name for name in os.listxattr(path) if name == "security.capability"]
    return {name: os.getxattr(path, name).hex() for name in names}


def listed(root):
    found, names = {}, {}
    for folder, directories, files in os.walk(root):
        for name in directories + files:
            path = os.path.join(folder, name)
            key = os.path.relpath(path, root).decode("latin1")
            status = os.lstat(path)
            found[key] = {
                "mode": oct(status.st_mode),
                "owner": f"{status.st_uid}:{status.st_gid}",
                # Layers have whole seconds.
                "mtime": status.st_mtime_ns // 10**9,
                "content": kind_and_content(path, status),
                "attributes": attributes(path, status),
                "sparse": stat.S_ISREG(status.st_mode) and status.st_blocks * 512 < status.st_size,
            }
            if status.st_nlink > 1 and not stat.S_ISDIR(status.st_mode):
                names.setdefault(status.st_ino, []).append(key)
    for keys in names.values():
        for key in keys:
            found[key]["names"] = sorted(keys)
    return found


if sys.argv[1] == "make":
    make(os.fsencode(sys.argv[2]))
else:
    json.dump(listed(os.fsencode(sys.argv[2])), sys.stdout)
