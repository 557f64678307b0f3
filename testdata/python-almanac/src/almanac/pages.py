"""Pages: reStructuredText by docutils, code by pygments, both in a template of jinja2."""

import asyncio

import docutils.core
import jinja2
import pygments
import pygments.formatters
import pygments.lexers


def environment():
    return jinja2.Environment(loader=jinja2.PackageLoader("almanac"), autoescape=True, trim_blocks=True)


# Notes are parts of a page that has its own styles.
SETTINGS = {"report_level": 5, "stylesheet_path": ""}


async def note(item):
    """An item's note as HTML. The sleep stands for what a larger program would wait for."""
    await asyncio.sleep(0.001)
    parts = docutils.core.publish_parts(item.note, writer="html5", settings_overrides=SETTINGS)
    return parts["body"].strip()


async def page(items, source):
    notes = await asyncio.gather(*(note(i) for i in items))
    code = pygments.highlight(source, pygments.lexers.get_lexer_by_name("yaml"), pygments.formatters.HtmlFormatter())
    template = environment().get_template("page.html")
    return template.render(entries=zip(items, notes), code=code)
