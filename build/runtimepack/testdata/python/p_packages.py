import importlib.metadata
import importlib.resources
import inspect
import pkgutil

import dist

print(importlib.resources.files("dist").joinpath("data/greeting.txt").read_text().strip())
with importlib.resources.as_file(importlib.resources.files("dist") / "data") as folder:
    print(sorted(p.name for p in folder.iterdir()))
print(pkgutil.get_data("dist", "data/greeting.txt"))
print(importlib.metadata.version("dist-info-test"), importlib.metadata.metadata("dist-info-test")["Summary"])
(entry,) = importlib.metadata.entry_points(group="test.plugins")
print(entry.name, entry.load()())
print([str(f) for f in importlib.metadata.files("dist-info-test")])
print([m.name for m in pkgutil.iter_modules(dist.__path__)], dist.__file__, dist.__spec__.cached)
print(inspect.getsource(dist.plugin).strip())
import space.inner  # a namespace package

print(space.__path__, space.inner.NAME)
