"""The page of the HTTP interface, made from its OpenAPI schema and without any other host."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ladder_qa.web.pages.layout import page
from ladder_qa.web.pages.render import SCROLLED, Hooks, to_html
from ladder_qa.web.pages.text import escape

if TYPE_CHECKING:
    from collections.abc import Mapping


def reference_page(schema: Mapping[str, Any]) -> str:
    """Every call with its parameters, body and responses, then every object with its members."""
    calls = "".join(
        _call(path, method, call)
        for path, methods in schema["paths"].items()
        for method, call in methods.items()
    )
    objects = "".join(
        _object(name, value)
        for name, value in schema.get("components", {}).get("schemas", {}).items()
    )
    return page(
        "The HTTP interface",
        f"<h1>The HTTP interface</h1>\n{_prose(schema['info'].get('description', ''))}"
        '<p><a href="/openapi.json">The schema as OpenAPI 3.1</a></p>\n'
        f"{calls}<h2>Objects</h2>\n{objects}",
        here="/docs",
        kind="reference",
    )


def _call(path: str, method: str, call: Mapping[str, Any]) -> str:
    rows = "".join(
        _row(item["name"], item.get("schema", {}), item.get("description", ""))
        for item in call.get("parameters", ())
    )
    content = call.get("requestBody", {}).get("content", {})
    for media in content.values():
        rows += _rows(media.get("schema", {}))
    example = next((m["example"] for m in content.values() if "example" in m), None)
    shown = (
        f"<pre><code>{escape(json.dumps(example, ensure_ascii=False, indent=2))}</code></pre>\n"
        if example is not None
        else ""
    )
    responses = "".join(
        f"<li><code>{escape(status)}</code> {_target(response)}"
        f"{_prose(response['description'])}</li>\n"
        for status, response in call.get("responses", {}).items()
    )
    return (
        f"<section><h2><code>{method.upper()} {escape(path)}</code></h2>\n"
        f"<p>{escape(call.get('summary', ''))}</p>\n{_prose(call.get('description', ''))}"
        f'{_table(rows)}{shown}<ul class="responses">\n{responses}</ul></section>\n'
    )


def _object(name: str, schema: Mapping[str, Any]) -> str:
    return (
        f'<section><h3 id="{escape(name)}"><code>{escape(name)}</code></h3>\n'
        f"{_prose(schema.get('description', ''))}{_table(_rows(schema))}</section>\n"
    )


def _rows(schema: Mapping[str, Any]) -> str:
    return "".join(
        _row(name, value, value.get("description", ""))
        for name, value in schema.get("properties", {}).items()
    )


def _table(rows: str) -> str:
    head = '<tr><th scope="col">Name</th><th scope="col">Type</th><th scope="col">Meaning</th></tr>'
    return (
        f"{SCROLLED}<table><thead>{head}</thead>\n<tbody>{rows}</tbody></table></div>\n"
        if rows
        else ""
    )


def _row(name: str, schema: Mapping[str, Any], description: str) -> str:
    return (
        f"<tr><td><code>{escape(name)}</code></td><td>{_type(schema)}</td>"
        f"<td>{_prose(description)}</td></tr>\n"
    )


def _type(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        name = escape(schema["$ref"].rpartition("/")[2])
        return f'<a href="#{name}">{name}</a>'
    if "anyOf" in schema:
        return " or ".join(_type(option) for option in schema["anyOf"])
    if "enum" in schema or "const" in schema:
        values = schema.get("enum", [schema.get("const")])
        return " or ".join(f"<code>{escape(json.dumps(value))}</code>" for value in values)
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    return escape(str(schema.get("type", "any"))) + _bounds(schema)


def _bounds(schema: Mapping[str, Any]) -> str:
    low = schema.get("minimum", schema.get("minLength"))
    high = schema.get("maximum", schema.get("maxLength"))
    if low is None and high is None:
        return ""
    return f", {low if low is not None else 0} to {high}" if high is not None else f", from {low}"


def _target(response: Mapping[str, Any]) -> str:
    for media, content in response.get("content", {}).items():
        kind = _type(content["schema"]) + " " if "$ref" in content.get("schema", {}) else ""
        return f"{kind}<code>{escape(media)}</code> "
    return ""


def _prose(text: str) -> str:
    return to_html(text, Hooks()) if text else ""
