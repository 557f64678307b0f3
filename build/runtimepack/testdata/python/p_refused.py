import importlib


def attempt(module, do=lambda m: None):
    try:
        do(importlib.import_module(module))
    except Exception as error:
        print(f"{module}: {type(error).__name__}: {error}")
    else:
        print(module, "went through")


attempt("threading", lambda m: m.Thread(target=print).start())
attempt("concurrent.futures", lambda m: m.ThreadPoolExecutor().submit(print))
attempt("concurrent.futures", lambda m: m.ProcessPoolExecutor())
attempt("multiprocessing", lambda m: m.Process(target=print).start())
attempt("multiprocessing", lambda m: m.Pool(2))
attempt("subprocess", lambda m: m.run(["ls"]))
attempt("socket", lambda m: m.socket())
attempt("socket", lambda m: m.create_connection(("localhost", 80)))
attempt("urllib.request", lambda m: m.urlopen("http://localhost/"))
attempt("ssl")
attempt("ctypes")
attempt("tkinter")
attempt("no_such_module")
attempt("json.no_such_module")
