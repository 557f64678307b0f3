import errno
import os
import pathlib


def refused(do, *args):
    try:
        do(*args)
    except OSError as error:
        print(errno.errorcode[error.errno], error.filename)
    else:
        print("went through", args)


here = pathlib.Path(__file__).parent
print(here, (here / "data").is_dir(), (here / "data/hello.txt").is_file(), (here / "nothing").exists())
print(sorted(os.listdir(here / "data")), [p.name for p in sorted(here.glob("data/**/*.txt"))])
print([(root, sorted(folders), sorted(files)) for root, folders, files in os.walk("/app/data")])
with open(here / "data/hello.txt", "rb") as file:
    print(file.read(3), file.seek(-4, os.SEEK_END), file.read(), file.tell(), os.fstat(file.fileno()).st_size)
print((here / "data/../data/./deep//er.txt").read_text().strip(), os.path.realpath(here / "data/.."))
os.chdir("/app/data")
print(os.getcwd(), open("hello.txt").read().strip())
refused(open, here / "nothing")
refused(open, here / "data")
refused(open, here / "data/hello.txt/x")
refused(open, here / "data/hello.txt", "w")
refused(open, here / "new", "w")
refused(os.mkdir, here / "new")
refused(os.unlink, here / "data/hello.txt")
refused(os.rename, here / "data/hello.txt", "/data/new")
refused(os.listdir, here / "data/hello.txt")
refused(open, "/app/../etc/passwd")
print(pathlib.Path("/nowhere/x").exists(), pathlib.Path("/nowhere").is_dir())
files = [open(here / "data/hello.txt") for _ in range(500)]
print(len({f.fileno() for f in files}))
