"""From a diagnostic to the edits that settle it: one object of the project exchanged for another.

What is proposed here still has to pass `fix.verify`. What cannot be exchanged is a `Refusal`.
"""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field

from flake8_redis_ssot.diagnostic import Applicability, Diagnostic
from flake8_redis_ssot.fix.compatibility import Compatibility
from flake8_redis_ssot.fix.import_graph import ImportGraph
from flake8_redis_ssot.fix.member_checks import a
from flake8_redis_ssot.fix.reads import ProjectReads
from flake8_redis_ssot.fix.replacements import Refusal, Replacement
from flake8_redis_ssot.fix.signatures import Function
from flake8_redis_ssot.fix.symbols import Thing
from flake8_redis_ssot.fix.view import View
from flake8_redis_ssot.libraries.frameworks import LOADING
from flake8_redis_ssot.lint.noqa import directive, without_codes
from flake8_redis_ssot.project.index import ProjectIndex
from flake8_redis_ssot.rule import RuleContext
from flake8_redis_ssot.rules import all_rules
from flake8_redis_ssot.source import Range, SourceError, SourceFile
from flake8_redis_ssot.syntax.imports import Imported, Part, is_directive

MENDS = {rule.code: rule.fix_kind for rule in all_rules() if rule.fix_kind is not None}
"""The rules whose diagnostics a fix may settle, and what it changes."""

_BY_NAME = re.compile(r"\b(?:globals|locals|vars|eval|exec)\(")


@dataclass(slots=True)
class Proposal:
    """What settles one diagnostic.

    `drops` are the aliases that go from an import statement and `adds` what is imported there;
    `parts` are other changes of the file. `reach` says by which dotted names a test that patches
    them reached the object, each with the name that does so afterwards, None where none does.
    """

    diagnostic: Diagnostic
    title: str
    applicability: Applicability
    statement: ast.Import | ast.ImportFrom | None = None
    drops: list[ast.alias] = field(default_factory=list)
    adds: list[Imported] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    reach: dict[str, str | None] = field(default_factory=dict)
    written: list[str] = field(default_factory=list)
    """The dotted names that it imports or writes into strings."""
    why: str = "the two may differ in what they do"
    """Why it is not safe, where it is not."""

    @property
    def path(self) -> str:
        return self.diagnostic.path


class Rewriter:
    """Proposes what settles diagnostics, by what the whole project says."""

    def __init__(
        self, index: ProjectIndex, read: Callable[[str], RuleContext | None], reads: ProjectReads
    ) -> None:
        self.index = index
        self.reads = reads
        self.exchange = Compatibility(index, reads)
        self.objects = self.exchange.objects
        self.replacements = self.exchange.replacements
        self.graph = ImportGraph(self.objects)
        self._read = read
        self._views: dict[str, View | None] = {}

    def view(self, path: str, *, keep: bool = True) -> View | None:
        """The file at `path`, None where it cannot be parsed; kept, since what is proposed has parts of it."""
        if path in self._views:
            return self._views[path]
        context = self._read(path)
        view = View(context, self.index, self.reads) if context is not None else None
        if keep:
            self._views[path] = view
        return view

    def forget(self, path: str) -> None:
        """Let go of a file of which nothing was proposed."""
        self._views.pop(path, None)

    def propose(self, diagnostic: Diagnostic, unused: Collection[Range]) -> Proposal:
        """What settles `diagnostic`; Refusal where nothing does.

        `unused` are the places of all codes in the comments of its file that silence nothing.
        """
        view = self.view(diagnostic.path)
        if view is None:
            raise Refusal("the file cannot be parsed")
        if view.place.is_manager:
            raise Refusal("it stands in the manager itself, which is never rewritten")
        match MENDS.get(diagnostic.code):
            case "import":
                return self._import(view, diagnostic)
            case "call":
                return self._construction(view, diagnostic)
            case "string":
                return self._string(view, diagnostic)
            case "comment":
                return _without_codes(view, diagnostic, unused)
            case "name":
                return _renamed(view, diagnostic)
        raise Refusal(
            "it is imported by its name in a string; change the string and what is done with the module"
        )

    def places(self, view: View, module: str) -> Iterator[tuple[ast.expr, str]]:
        """Where a file uses something of `module`, each with its dotted name."""
        for statement, alias in view.aliases.values():
            for base in view.bases(statement):
                dotted = f"{base}.{alias.name}".lstrip(".")
                inside = dotted.startswith(f"{module}.")
                if alias.name == "*" or not (dotted == module or inside):
                    continue
                found = view.uses.binding(statement, alias)
                if found is None:
                    continue
                nodes: list[ast.expr] = [node for node, _ in view.uses.of(*found)]
                if isinstance(statement, ast.Import) and alias.asname is None:
                    nodes = list(self._dotted_places(view, alias))
                for node in nodes:
                    parent = view.uses.parents.get(node)
                    if inside:
                        yield node, dotted
                    elif isinstance(parent, ast.Attribute):
                        yield parent, f"{dotted}.{parent.attr}"

    # imports

    def _import(self, view: View, diagnostic: Diagnostic) -> Proposal:
        if diagnostic.range not in view.aliases:
            raise Refusal(
                "it is used as an attribute of its module; import it by name, or change what is used"
            )
        statement, alias = view.aliases[diagnostic.range]
        old = diagnostic.symbols[0]
        if alias.name == "*":
            raise Refusal("a star import hides which names are used; import them by name")
        scope = view.uses.home(statement)
        if scope.kind == "class":
            raise Refusal("the import binds a class attribute, whose readers cannot be told")
        plain = isinstance(statement, ast.Import) and alias.asname is None
        found = view.uses.binding(statement, alias)
        if found is None or found[1].always:
            raise Refusal("the import binds a name that has several meanings")
        name, binding = found
        if len(set(view.bases(statement))) > 1:
            raise Refusal(
                "the file can be imported by several names, so its relative import has several meanings"
            )
        thing = self.objects.thing(old)
        proposal = Proposal(diagnostic, "", "safe", statement, [alias])
        late = scope.kind == "function"
        if plain:
            places = self._dotted_places(view, alias)
            roots = {_root(place) for place in places}
            shared = [a for _, a in view.aliases.values() if a is not alias and a.name.split(".")[0] == name
                      and a.asname is None]  # fmt: skip
            loose = [n for n, _ in view.uses.of(name, binding) if n not in roots]
            if loose and not shared:
                raise Refusal(f"`{name}` is also used by itself, and only this import binds it")
        else:
            places = dict.fromkeys(node for node, _ in view.uses.of(name, binding))
        if not places:
            return self._unused(view, proposal, name, thing, late)
        if thing is not None and thing.sort == "module":
            return self._of_module(view, proposal, name, old, places, late)
        return self._of_object(view, proposal, name, old, places, late)

    def _dotted_places(self, view: View, alias: ast.alias) -> dict[ast.expr, None]:
        """Where `import a.b.c` is used as `a.b.c`."""
        first, *rest = alias.name.split(".")
        found: dict[ast.expr, None] = {}
        for point in view.uses.points.values():
            if isinstance(point.node, ast.Name) and point.node.id == first:
                bindings = view.uses.names.bindings(first, point, typing=True)
                chained = view.uses.chain(point.node, rest)
                if chained is not None and bindings and all(b.target == first for b in bindings):
                    found[chained] = None
        return found

    def _unused(self, view: View, proposal: Proposal, name: str, thing: Thing | None, late: bool) -> Proposal:
        """An import that nothing needs goes, without a replacement."""
        statement = proposal.statement
        assert statement is not None
        reasons = [
            (view.has_fallback(statement), "it is under `try`, where its failure may be what is asked for"),
            (bool(_BY_NAME.search(view.source.text)), "the file reads names by `globals()`, `eval` or the like"),
            (bool(re.search(rf"(?:>>>|\.\.\.) .*\b{name}\b", view.source.text)), f"`{name}` stands in a doctest"),
            (_has_comment(view, statement), "a comment stands inside the import"),
            (name in view.exported, f"`{name}` is imported from here, or listed in `__all__`"),
            (view.place.is_package, "a package's names are there to be imported"),
            (name in view.uses.texts, f"`{name}` stands in a string"),
            (name in view.uses.type_comments, f"`{name}` stands in a comment on types"),
            (any("F401" in view.source.line(n) for n in range(statement.lineno, (statement.end_lineno or 1) + 1)),
             "`noqa: F401` says that it is kept on purpose"),
            (thing is not None and thing.sort == "module", "it may be imported for what the module does then"),
            (self._is_fixture(view, name, thing), f"`{name}` may be a fixture of pytest"),
            ((isinstance(statement, ast.Import) and proposal.drops[0].name.split(".")[0] in view.uses.words - {name})
             or (isinstance(statement, ast.Import) and len(view.uses.scopes.module.bindings.get(name, ())) > 1),
             "it may load the module for another import of the same package"),
        ]  # fmt: skip
        for is_so, reason in reasons:
            if is_so:
                raise Refusal(reason)
        proposal.title = f"Remove the unused import of `{proposal.diagnostic.symbols[0]}`"
        if not late:
            proposal.reach = {f"{module}.{name}": None for module in view.place.modules}
        return proposal

    @staticmethod
    def _is_fixture(view: View, name: str, thing: Thing | None) -> bool:
        if thing is None or thing.sort != "function" or not isinstance(thing.node, Function):
            return thing is None
        if "fixture" in {_last(d.func if isinstance(d, ast.Call) else d) for d in thing.node.decorator_list}:
            return True
        parameters = {
            a.arg for node in ast.walk(view.source.tree) if isinstance(node, ast.arguments)
            for a in (*node.posonlyargs, *node.args, *node.kwonlyargs)
        }  # fmt: skip
        return name in parameters or os.path.basename(view.path) == "conftest.py"

    def _of_object(
        self, view: View, proposal: Proposal, name: str, old: str, places: dict[ast.expr, None], late: bool
    ) -> Proposal:
        """`from module import object`: the object is exchanged where it is imported, or where it is used."""
        aim = self.replacements.aim(old, view.place.boundary)
        assert proposal.statement is not None
        verdict = self.exchange.judge(view, aim, list(places))
        proposal.applicability, proposal.why = verdict.applicability, verdict.why
        if name in view.exported and not aim.is_same:
            before, after = aim.old.of or aim.old, aim.new.of or aim.new
            if before.sort != after.sort or before.sort not in ("class", "function"):
                raise Refusal(f"`{name}` is read by other files, whose uses of it are not seen here")
            self.exchange.members.covered(before, after, f"`{name}` is read by other files")
            proposal.applicability, proposal.why = "unsafe", f"`{name}` is read by other files"
        alias = proposal.drops[0]
        module, _, last = aim.new.home.rpartition(".")
        written = self._spelled(view, proposal.statement, module)
        others = name in view.exported or name in view.uses.texts or name in view.uses.type_comments
        keys = [f"{m}.{name}" for m in view.place.modules]
        sure = all(is_only for _, is_only in self._meanings(view, proposal, name))
        sure = sure and all(isinstance(getattr(place, "ctx", None), ast.Load) for place in places)
        if aim.collapses:
            if others:
                readers = [self.short(path) for path in view.readers(name)]
                who = f"`{readers[0]}` imports it from here" if readers else "a string of this file names it"
                raise Refusal(f"`{name}` would become `{last}`, and {who}")
            if not sure:
                raise Refusal(f"`{name}` has another meaning too where it is used")
            new = self._new_name(view, proposal, aim, last, list(places))
            self._collapse(view, proposal, aim, list(places), new)
            gone: dict[str, str | None] = {old: None} if late else dict.fromkeys(keys)
        else:
            new = name
            spelled = re.search(rf"\{{\s*{name}\s*=", view.source.text) is not None  # f"{{name=}}"
            own = alias.asname is None and last != name and not others and sure and not spelled
            own = own and (late or not view.is_open)
            if own and last not in view.uses.words:
                new = last
                proposal.parts += [(*self._exact(view, place, name), new) for place in places]
            proposal.adds = [Imported(written, last, new if new != last else None)]
            gone = (
                {old: aim.new.home}
                if late
                else {k: f"{k.rpartition('.')[0]}.{new}" for k in keys if new != name}
            )
        reach = dict.fromkeys(verdict.reach) if aim.collapses and not aim.is_same else verdict.reach
        proposal.reach = {**self.exchange.reach.through(view, aim, new, late), **reach, **gone}
        proposal.reach[f"sys.modules[{old.rpartition('.')[0]}]"] = None
        if not aim.is_same:
            proposal.reach[f"object {old}"] = None
        proposal.written.append(aim.new.home)
        proposal.title = f"Replace `{old}` with `{aim.new.home}{'()' if aim.calls else ''}`"
        return proposal

    def _meanings(self, view: View, proposal: Proposal, name: str) -> list[tuple[ast.Name, bool]]:
        assert proposal.statement is not None
        found = view.uses.binding(proposal.statement, proposal.drops[0])
        return view.uses.of(*found) if found is not None else []

    def _of_module(
        self, view: View, proposal: Proposal, name: str, old: str, places: dict[ast.expr, None], late: bool
    ) -> Proposal:
        """The module itself is imported: what is read of it is exchanged, if all of it can be."""
        assert proposal.statement is not None
        by_aim: dict[str, tuple[Replacement, list[ast.expr]]] = {}
        if name in view.exported or name in view.uses.texts:
            raise Refusal(
                f"the module `{name}` is named elsewhere too: by an import from here, or in a string"
            )
        for place in places:
            member, dotted = place, old
            while True:
                parent = view.uses.parents.get(member)
                if not isinstance(parent, ast.Attribute):
                    raise Refusal(f"the module itself is handed on in line {place.lineno}")
                if not isinstance(parent.ctx, ast.Load):
                    raise Refusal(f"line {place.lineno} sets `{parent.attr}` of the module")
                member, dotted = parent, f"{dotted}.{parent.attr}"
                thing = self.objects.thing(dotted)
                if thing is None or thing.sort != "module":
                    break
            by_aim.setdefault(dotted, (self.replacements.aim(dotted, view.place.boundary), []))[1].append(
                member
            )
        aims = [aim for aim, _ in by_aim.values()]
        homes = {aim.new.module for aim in aims}
        if any(not is_only for _, is_only in self._meanings(view, proposal, name)) and not (
            isinstance(proposal.statement, ast.Import) and proposal.drops[0].asname is None
        ):
            raise Refusal(f"`{name}` has another meaning too where it is used")
        keeps = len(homes) == 1 and not any(aim.collapses for aim in aims)
        for dotted, (aim, members) in by_aim.items():
            reach: dict[str, str | None] = {}
            verdict = self.exchange.judge(view, aim, members)
            if verdict.applicability != "safe":
                proposal.applicability, proposal.why = verdict.applicability, verdict.why
            module, _, last = aim.new.home.rpartition(".")
            if keeps:
                prefix = self._module_name(view, proposal, name, module)
                proposal.parts += [(*self._exact(view, m), f"{prefix}.{last}") for m in members]
                reach[dotted] = aim.new.home
                new = last
            else:
                new = self._new_name(view, proposal, aim, last, members)
                self._collapse(view, proposal, aim, members, new)
                reach[dotted] = None
            proposal.reach |= {
                **self.exchange.reach.through(view, aim, new, late or keeps),
                **verdict.reach,
                **reach,
            }
            proposal.reach[f"sys.modules[{old}]"] = None
            if not aim.is_same:
                proposal.reach[f"object {dotted}"] = None
            proposal.written.append(aim.new.home)
        proposal.title = f"Replace `{old}` with `{' and '.join(sorted(homes))}`"
        return proposal

    def _module_name(self, view: View, proposal: Proposal, name: str, module: str) -> str:
        """How the new module is called in the file; its import is added to `proposal`."""
        statement, alias = proposal.statement, proposal.drops[0]
        assert statement is not None
        package, _, last = module.rpartition(".")
        if isinstance(statement, ast.Import):
            proposal.adds = [Imported(module, None, alias.asname)]
            return alias.asname or module
        own = alias.asname is None and last not in view.uses.words
        bound = last if own else name
        proposal.adds = [
            Imported(self._spelled(view, statement, package), last, bound if bound != last else None)
        ]
        if not package:
            proposal.adds = [Imported(module, None, bound if bound != module else None)]
        return bound

    def _collapse(
        self, view: View, proposal: Proposal, aim: Replacement, places: Sequence[ast.expr], new: str
    ) -> None:
        """Put the new object where the old one was got by a call, or by its name."""
        for place in places:
            node = place
            if aim.collapses and aim.old.sort in ("function", "class"):
                call = view.uses.parents.get(place)
                assert isinstance(call, ast.Call)
                node = self.exchange.got(view, aim, call)
            start, end = view.span(node)
            segment = view.source.text[start:end]
            if "#" in segment:
                raise Refusal(f"a comment stands inside the call in line {node.lineno}")
            self._exact(view, node)
            proposal.parts.append((start, end, f"{new}()" if aim.calls else new))

    def _exact(self, view: View, node: ast.expr, text: str | None = None) -> tuple[int, int]:
        """Where `node` stands, if it is written there as the tree has it."""
        start, end = view.span(node)
        segment = view.source.text[start:end]
        try:
            same = ast.dump(ast.parse(f"({segment})", mode="eval").body) == ast.dump(node)
        except (SyntaxError, ValueError):
            same = False
        if not same or (text is not None and segment != text):
            raise Refusal(f"where line {node.lineno} has it cannot be told, as inside an f-string")
        return start, end

    def _spelled(self, view: View, statement: ast.Import | ast.ImportFrom, module: str) -> str:
        """How a from-import names `module`: relative where the old import was."""
        if not isinstance(statement, ast.ImportFrom) or not statement.level or not module:
            return module
        here = view.place.modules[0].split(".")
        package = here if view.place.is_package else here[:-1]
        parts = module.split(".")
        common = 0
        while common < min(len(package), len(parts)) and package[common] == parts[common]:
            common += 1
        return "." * (len(package) - common + 1) + ".".join(parts[common:]) if common else module

    def _new_name(
        self, view: View, proposal: Proposal, aim: Replacement, last: str, places: Sequence[ast.expr]
    ) -> str:
        """The name of the new object at `places`: one that the file has already, else one of an import added."""
        statement = proposal.statement
        assert statement is not None
        for found_statement, alias in view.aliases.values():
            if not isinstance(found_statement, ast.ImportFrom) or not view.runs_before(
                found_statement, statement
            ):
                continue
            for base in view.bases(found_statement):
                found = view.uses.binding(found_statement, alias) if alias.name != "*" else None
                if found is None or f"{base}.{alias.name}" != aim.new.home:
                    continue
                if all(view.uses.means(found[0], _root(place), found[1]) for place in places):
                    return found[0]
        taken = view.uses.words | view.uses.texts.keys() | {one.bound for one in proposal.adds}
        wanted = [last, f"shared_{last}", f"the_{last}"]
        new = next((name for name in wanted if name not in taken), None)
        module = aim.new.home.rpartition(".")[0]
        added = next((one for one in proposal.adds if one.name == last), None)
        if added is not None:
            return added.bound
        if new is None:
            raise Refusal(f"the name `{last}` is taken in this file")
        proposal.adds.append(
            Imported(self._spelled(view, statement, module), last, new if new != last else None)
        )
        return new

    # calls of a manager's class

    def _construction(self, view: View, diagnostic: Diagnostic) -> Proposal:
        name = diagnostic.symbols[0]
        call = view.node_at(diagnostic.range, ast.Call)
        old = self.objects.thing(name)
        if call is None or old is None or old.sort != "class":
            raise Refusal(f"what `{name}` is cannot be told")
        boundary = view.place.boundary
        aim = self.replacements.shared(old, boundary)
        root = call.func
        while isinstance(root, ast.Attribute):
            root = root.value
        if not isinstance(root, ast.Name):
            raise Refusal("the class is no plain name here")
        found = next(
            ((s, a) for s, a in view.aliases.values()
             if a.name != "*" and (b := view.uses.binding(s, a)) is not None
             and b[0] == root.id and root in view.uses.points and view.uses.means(root.id, root, b[1])), None,
        )  # fmt: skip
        if found is None or view.uses.home(found[0]).kind == "class":
            raise Refusal(f"`{root.id}` is not simply what one import binds")
        if not isinstance(found[0], ast.ImportFrom) or not isinstance(call.func, ast.Name):
            raise Refusal("the class is reached through its module; import the shared object by name")
        proposal = Proposal(diagnostic, "", "unsafe", found[0])
        verdict = self.exchange.judge(view, aim, [call.func])
        proposal.why = verdict.why
        last = aim.new.home.rpartition(".")[2]
        new = self._new_name(view, proposal, aim, last, [call.func])
        self._collapse(view, proposal, aim, [call.func], new)
        late = view.uses.home(found[0]).kind == "function"
        key = name if late else f"{view.place.modules[0]}.{root.id}" if view.place.modules else name
        proposal.reach = {k: v for k, v in verdict.reach.items() if k != v} | {key: None}
        proposal.written.append(aim.new.home)
        proposal.title = f"Use `{aim.new.home}` instead of one more `{name}`"
        return proposal

    # strings

    def _string(self, view: View, diagnostic: Diagnostic) -> Proposal:
        """A string that names an object for an importer; those that patch follow the imports."""
        old = diagnostic.symbols[0]
        node = view.node_at(diagnostic.range, ast.Constant)
        if node is None or node.value != old:
            raise Refusal("the string is put together from parts")
        if not self._is_loaded(view, node):
            raise Refusal(f"it patches `{old}`, and no import changed here is looked up there")
        aim = self.replacements.aim(old, view.place.boundary)
        if aim.old.sort != aim.new.sort or aim.calls:
            raise Refusal(f"`{aim.old.home}` is {a(aim.old.sort)} and `{aim.new.home}` {a(aim.new.sort)}")
        proposal = Proposal(
            diagnostic, f"Name `{aim.new.home}` instead of `{old}`", "safe" if aim.is_same else "unsafe"
        )
        if not aim.is_same:
            before, after = aim.old.of or aim.old, aim.new.of or aim.new
            self.exchange.members.covered(
                before, after, "what is done with what the string names is not seen"
            )
        proposal.parts = [self.renamed(view, node, old, aim.new.home)]
        proposal.written.append(aim.new.home)
        return proposal

    @staticmethod
    def _is_loaded(view: View, node: ast.Constant) -> bool:
        """Whether a string is loaded as an object, in settings or by an importer; not patched."""
        parent = view.uses.parents.get(node)
        while isinstance(parent, ast.expr | ast.keyword):
            if isinstance(parent, ast.Call):
                last = (
                    parent.func.attr
                    if isinstance(parent.func, ast.Attribute)
                    else getattr(parent.func, "id", "")
                )
                return last in LOADING
            parent = view.uses.parents.get(parent)
        return True

    @staticmethod
    def renamed(view: View, node: ast.Constant, old: str, new: str) -> Part:
        """The change of a string literal that has `old` at its beginning."""
        start, end = view.span(node)
        at = view.source.text.find(old, start, end)
        if at < 0 or view.source.text.find(old, at + 1, end) >= 0:
            raise Refusal("the string is written in parts, or with escapes")
        return at, at + len(old), new

    def short(self, path: str) -> str:
        """A path as the project names it."""
        return os.path.relpath(path, self.index.settings.root)


def _last(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _root(place: ast.expr) -> ast.Name:
    """The name with which a chain of attributes begins."""
    return next(node for node in ast.walk(place) if isinstance(node, ast.Name))


def _has_comment(view: View, statement: ast.stmt) -> bool:
    """Whether a comment that is no directive stands between the first and the last line of a statement."""
    lines = range(statement.lineno, statement.end_lineno or statement.lineno)
    return any("#" in view.source.line(n) and not is_directive(view.source.line(n)) for n in lines)


def _renamed(view: View, diagnostic: Diagnostic) -> Proposal:
    """A name of the library that has a successor, which is the same or needs a newer version."""
    for node in ast.walk(view.source.tree):
        if not isinstance(node, ast.Call | ast.Attribute | ast.alias):
            continue
        if view.source.range_of(node) != diagnostic.range:
            continue
        start, end = (view.source.offset(p) for p in (diagnostic.range.start, diagnostic.range.end))
        match node:
            case ast.Call(func=ast.Attribute(attr="close") as func):
                _, end = view.span(func)
                part, applicability = (end - len("close"), end, "aclose"), "unsafe"
            case ast.Attribute(attr=old) if old.startswith("Strict"):
                part, applicability = (end - len(old), end, old.removeprefix("Strict")), "safe"
            case ast.alias(name=old, asname=name) if old.startswith("Strict"):
                part, applicability = (start, end, f"{old.removeprefix('Strict')} as {name or old}"), "safe"
            case _:
                continue
        title = f"Write `{part[2]}` instead of `{view.source.text[part[0] : part[1]]}`"
        why = "redis-py has it since 5.0.1 only"
        return Proposal(
            diagnostic, title, "safe" if applicability == "safe" else "unsafe", parts=[part], why=why
        )
    raise Refusal("what comes instead is for a person to choose")


def _without_codes(view: View, diagnostic: Diagnostic, unused: Collection[Range]) -> Proposal:
    """A `noqa` comment without all its codes that are unused, so that each of their fixes is the same."""
    source = view.source
    line = view.lines.get(diagnostic.range.start.line)
    found = directive(line) if line is not None else None
    if line is None or found is None:
        raise Refusal("the comment cannot be told from a string")
    gone = {
        start: code
        for code, start, end in found.codes
        if source.place(line.offset(source, start), line.offset(source, end)) in unused
    }
    title = f"Remove {', '.join(f'`{code}`' for code in gone.values())} from the `noqa`"
    try:
        part, why = without_codes(source, line, gone)
        after = SourceFile(view.path, source.replaced([part]))
        if after.encoding != source.encoding:
            raise Refusal("the comment names the encoding of the file")
    except ValueError as error:
        raise Refusal(str(error)) from error
    except SourceError as error:
        raise Refusal(f"the file {error.message}") from error
    return Proposal(diagnostic, title, "unsafe" if why else "safe", parts=[part], why=why)
