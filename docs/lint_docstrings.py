"""Check that the docstrings of public names agree with their signatures (numpydoc's rules, listed in pyproject.toml).

numpydoc's own `numpydoc lint` knows no `__all__`: it also asks a click command, whose docstring is its help text, and
a framework's overridden method for a list of parameters. This walks the same checks over public names only.
"""

import ast
import re
import sys
from pathlib import Path

from numpydoc.hooks.validate_docstrings import DocstringVisitor, parse_config

ROOT = Path(__file__).resolve().parent.parent
NOT_API = {"command", "group", "property", "cached_property", "overload", "setter", "override", "validator"}


class PublicDocstrings(DocstringVisitor):
    """numpydoc's visitor, walking public names only."""

    def __init__(self, path: Path) -> None:
        super().__init__(filepath=str(path.relative_to(ROOT)), config=parse_config(ROOT))
        self.tree = ast.parse(path.read_text(encoding="utf-8"))
        self.public = _declared_names(self.tree)

    def visit(self, node: ast.AST) -> None:
        """Visit `node` unless it is private, inside a function, or documented another way."""
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and self._is_skipped(node):
            return
        super().visit(node)

    def _is_skipped(self, node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
        inside = self.stack[-1]
        if isinstance(inside, ast.FunctionDef | ast.AsyncFunctionDef) or node.name.startswith("_"):
            return True
        if isinstance(inside, ast.Module) and self.public is not None and node.name not in self.public:
            return True
        return bool(NOT_API & {_last_name(decorator) for decorator in node.decorator_list})


def _last_name(decorator: ast.expr) -> str:
    target = decorator.func if isinstance(decorator, ast.Call) else decorator
    name = target.attr if isinstance(target, ast.Attribute) else getattr(target, "id", "")
    return name.removeprefix("field_").removeprefix("model_")


def _classes_with_generated_init(tree: ast.Module, *, stem: str) -> set[str]:
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    return {
        f"{stem}.{node.name}"
        for node in classes
        if not any(isinstance(part, ast.FunctionDef) and part.name == "__init__" for part in node.body)
    }


def _declared_names(tree: ast.Module) -> set[str] | None:
    """Read `__all__`, or None where the module declares none and so every name counts."""
    for statement in tree.body:
        if isinstance(statement, ast.Assign) and any(getattr(t, "id", "") == "__all__" for t in statement.targets):
            return set(ast.literal_eval(statement.value))
    return None


def _about_unused_parameters(check: str, description: str) -> bool:
    """Tell whether only parameters that the function takes for its caller's sake, and ignores, are undocumented."""
    named = re.findall(r"'(\**\w+)'", description)
    return check == "PR01" and all(name.lstrip("*").startswith("_") for name in named)


def main() -> int:
    """Print what disagrees, as file:line; 1 if anything does."""
    findings = []
    for path in sorted(p for package in ("analysis_lib", "hub_config") for p in (ROOT / package).rglob("*.py")):
        visitor = PublicDocstrings(path)
        visitor.visit(visitor.tree)
        # A dataclass or a pydantic section documents its fields as parameters, but has no __init__ to compare with.
        made = _classes_with_generated_init(visitor.tree, stem=path.stem)
        findings.extend(
            found
            for found in visitor.findings
            if not (found[1] in made and found[2] == "PR02") and not _about_unused_parameters(*found[2:])
        )
    for place, name, check, description in findings:
        print(f"{place}: {name}: {check} {description}")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
