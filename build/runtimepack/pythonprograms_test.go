package runtimepack_test

// noThreads and its like are what people read when a program asks for what WASI does not have.
const (
	noThreads   = `WebAssembly \(WASI preview 1\) has no threads: can't start new thread`
	noProcesses = `WebAssembly \(WASI preview 1\) has no processes`
	noNetwork   = `WebAssembly \(WASI preview 1\) has no network`
)

var pythonTests = []pythonTest{
	{name: "asyncio", stdout: `
\['slow', 'fast'\]
slept True
timeout
\['a', 'b', 'c'\]
item
RuntimeError WebAssembly \(WASI preview 1\) has no threads: can't run in an executor
OSError \[Errno 58\] ` + noProcesses + `
OSError \[Errno 58\] ` + noNetwork + `
OSError \[Errno 58\] ` + noNetwork + `
every task waits, and nothing can wake one: [^\n]*
`},
	{name: "refused", stdout: `
threading: RuntimeError: ` + noThreads + `
concurrent.futures: RuntimeError: ` + noThreads + `
concurrent.futures: ModuleNotFoundError: No module named 'concurrent.futures.process': ` + noProcesses + `
multiprocessing: OSError: \[Errno 58\] ` + noProcesses + `
multiprocessing: OSError: \[Errno 58\] ` + noProcesses + `
subprocess: OSError: \[Errno 58\] wasi does not support processes.
socket: OSError: \[Errno 58\] ` + noNetwork + `
socket: OSError: \[Errno 58\] ` + noNetwork + `
urllib.request: URLError: <urlopen error \[Errno 58\] ` + noNetwork + `>
ssl: ModuleNotFoundError: No module named 'ssl': ` + noNetwork + `, and this Python has no TLS
ctypes: ModuleNotFoundError: No module named 'ctypes': WebAssembly cannot load native libraries
tkinter: ModuleNotFoundError: No module named 'tkinter': WebAssembly has no windows
no_such_module: ModuleNotFoundError: No module named 'no_such_module'
json.no_such_module: ModuleNotFoundError: No module named 'json.no_such_module'
`},
	{name: "files", stdout: `
/app True True False
\['deep', 'hello.txt'\] \['er.txt', 'hello.txt'\]
\[\('/app/data', \['deep'\], \['hello.txt'\]\), \('/app/data/deep', \[\], \['er.txt'\]\)\]
b'hel' 8 b'ile\\n' 12 12
deep /app
/app/data hello, file
ENOENT /app/nothing
EISDIR /app/data
ENOTDIR /app/data/hello.txt/x
EROFS /app/data/hello.txt
EROFS /app/new
EROFS /app/new
EROFS /app/data/hello.txt
(EROFS|EXDEV|ENOTCAPABLE) /app/data/hello.txt
ENOTDIR /app/data/hello.txt
ENOENT /app/../etc/passwd
False False
500
`},
	{name: "packages", stdout: `
greetings
\['greeting.txt', 'x.json'\]
b'greetings\\n'
1.5 says hello
one plugged
\['dist/__init__.py', 'dist/other.py'\]
\['other'\] /usr/lib/python3.13/site-packages/dist/__init__.py /usr/lib/python3.13/site-packages/dist/__pycache__/__init__.cpython-313.pyc
def plugin\(\):
    return "plugged"
_NamespacePath\(\['/usr/lib/python3.13/site-packages/space'\]\) inner
`},
	{name: "library", stdout: `
bz2 True True
lzma True True
zlib True True
\['a'\]
True
blake2b ba80a53f
blake2s 508c5e8c
md5 90015098
sha1 a9993e36
sha224 23097d22
sha256 ba7816bf
sha384 cb00753f
sha3_224 e642824c
sha3_256 3a985da7
sha3_384 ec014982
sha3_512 b751850b
sha512 ddaf35a1
shake_128 5881092d
shake_256 48336660
1.414213562373095048801688724209698078570 4/3 2.3333333333333335
14314 \d+
\[Point\(x=1, y=3\), Point\(x=2, y=0\)\] {'x': 1, 'y': 0}
<ab>xy LATIN SMALL LETTER E WITH ACUTE ☃
2024-07-01T12:00:00\+02:00 CET
True 2024-02-01
\[{'a': '1', 'b': '2'}\]
{'k': 'v'} b'<r><c k="v">t&amp;</c></r>' <\?xml version="1.0" \?><a/>
<xml.sax.expatreader.ExpatParser object at 0x\w+>
wasi-\S+ /usr/lib/python3.13/site-packages \S+ \(3, 13\) wasi
\[\('the quick fox',\)\] \(1, '\[1\]'\)
\(2, 'x'\) \('ok',\)
True
\['x'\]
4 1
`},
	{name: "world", args: []string{"ü", "--flag", ""}, env: map[string]string{"GREETING": "grüß", "PYTHONPATH": "/x"}, stdin: "first ß\nsecond third\n", stdout: `
\['ü', '--flag', ''\] grüß /x True
first ß \['second', 'third'\] utf-8 <stdout> False
True True 0
drawn [^\n]*
no newlineat exit
`, stderr: "é ü ☃\n"},
	{name: "traceback", code: 1, stderr: `
Traceback \(most recent call last\):
  File "/app/p_traceback.py", line 9, in <module>
    outer\(\)
    ~~~~~\^\^
  File "/app/p_traceback.py", line 5, in outer
    return json.loads\("{"\)
.*json.decoder.JSONDecodeError: Expecting property name enclosed in double quotes: line 1 column 2 \(char 1\)

The above exception was the direct cause of the following exception:

Traceback \(most recent call last\):
  File "/app/start.py", line 4, in <module>
    __import__\(sys.argv.pop\(1\)\)
    ~~~~~~~~~~\^+
  File "/app/p_traceback.py", line 11, in <module>
    raise RuntimeError\("failed é"\) from error
RuntimeError: failed é
`},
	{name: "limits", stdout: `
maximum recursion depth exceeded
parser survived
repr survived
json survived
9969216677189303386214405760200
150 MiB
getattr survived
`},
	{name: "exit_none"},
	{name: "exit_int", code: 7},
	{name: "exit_text", code: 1, stderr: "bye\n"},
	{name: "exit_raise", code: 1, stderr: `.*\nValueError: bad\n`},
	{name: "exit_interrupt", code: 130, stderr: `.*\nKeyboardInterrupt\n`},
	{name: "exit_os", code: 9, stdout: "out\n"},
}
