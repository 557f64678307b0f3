import asyncio
import hashlib
import sys

import click
import yaml
from rich.console import Console
from rich.table import Table

from almanac import __version__, catalogue, pages


@click.group()
@click.version_option(__version__, prog_name="almanac")
def main():
    """Print the list that standard input has, or the one that comes with the program."""


@main.command()
def table():
    """As a table, with totals."""
    items = catalogue.load(sys.stdin.read())
    out = Table(title="Almanac", show_footer=True)
    out.add_column("name", "total")
    out.add_column("kind")
    out.add_column("weight", f"{sum(i.weight for i in items):.3f}", justify="right")
    for item in sorted(items, key=lambda i: i.name):
        out.add_row(item.name, item.kind, f"{item.weight:.3f}")
    console = Console(width=60, file=sys.stdout, color_system=None)
    console.print(out)
    for kind, count, weight in catalogue.totals(catalogue.database(items)):
        console.print(f"{kind}: [bold]{count}[/bold] of {weight}")


@main.command()
@click.option("--digest", is_flag=True, help="Only the SHA-256 of the page.")
def page(digest):
    """As an HTML page."""
    items = catalogue.load(sys.stdin.read())
    source = yaml.safe_dump([{"name": i.name, "weight": i.weight} for i in items])
    html = asyncio.run(pages.page(items, source))
    click.echo(hashlib.sha256(html.encode()).hexdigest() if digest else html)
