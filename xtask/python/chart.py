"""Lints and renders the chart with Helm's own library: chart.py CHART FOLDER VALUES…

Each file of values becomes a folder of manifests under FOLDER, an object a file. Says all that Helm has against the chart, and
fails if that is anything."""

import pathlib
import sys

import helm_python
import yaml

WARNING = 2


def main(chart: str, folder: str, *files: str) -> int:
    faults = []
    for file in map(pathlib.Path, files):
        values = yaml.safe_load(file.read_text()) or {}
        try:
            # A value that the schema does not know is refused by both.
            report = helm_python.lint(chart, values=values, strict=True)
            faults += [
                f"{file.name}: {message['path']}: {message['error']}"
                for message in report["messages"]
                if message["severity"] >= WARNING
            ]
            with helm_python.Chart.load(chart) as loaded:
                loaded.validate_schema(values)
                rendered = loaded.render(values, name="fruitpress", namespace="fruitpress")
            write(rendered, pathlib.Path(folder, file.stem))
        except (helm_python.HelmError, yaml.YAMLError) as fault:
            faults.append(f"{file.name}: {fault}")
    for fault in faults:
        print(fault)
    return 1 if faults else 0


def write(rendered: dict[str, str], folder: pathlib.Path) -> None:
    """An object a file: checkers name what they find by the file that it is in."""
    folder.mkdir(parents=True)
    for template, text in sorted(rendered.items()):
        if not template.endswith(".yaml"):
            continue
        for manifest in filter(None, yaml.safe_load_all(text)):
            name = f"{manifest['kind']}-{manifest['metadata']['name']}.yaml".lower()
            with (folder / name).open("x") as file:
                yaml.safe_dump(manifest, file, sort_keys=False)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
