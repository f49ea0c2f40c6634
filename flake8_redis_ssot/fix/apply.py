"""Fixes granted and applied: for each file all of them or none, pass after pass until nothing changes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import groupby, pairwise

from flake8_redis_ssot.diagnostic import Diagnostic, Edit, Fix
from flake8_redis_ssot.facts.cache import Cache
from flake8_redis_ssot.facts.modules import is_under
from flake8_redis_ssot.filesystem import DISK, FileSystem
from flake8_redis_ssot.fix.closed import closed
from flake8_redis_ssot.fix.edits.compose import clash, parts_of
from flake8_redis_ssot.fix.edits.proposal import FIX_KINDS, Proposal
from flake8_redis_ssot.fix.edits.propose import Rewriter
from flake8_redis_ssot.fix.edits.verify import rejection
from flake8_redis_ssot.fix.refusal import Refusal, Unsafe
from flake8_redis_ssot.fix.shifts import Shifts
from flake8_redis_ssot.fix.sources.reads import ProjectReads
from flake8_redis_ssot.fix.sources.unchecked import Unchecked
from flake8_redis_ssot.fix.sources.view import View
from flake8_redis_ssot.fix.together.causes import Causes
from flake8_redis_ssot.fix.together.units import Units
from flake8_redis_ssot.lazy_dataclass import dataclass, field, replace
from flake8_redis_ssot.lint.check import FileChecker
from flake8_redis_ssot.lint.collecting import collecting_seldom
from flake8_redis_ssot.lint.run import Outcome, defect, run_project
from flake8_redis_ssot.project.index import ProjectIndex
from flake8_redis_ssot.rules import all_rules
from flake8_redis_ssot.settings.boundaries import SettingsError
from flake8_redis_ssot.settings.model import Settings
from flake8_redis_ssot.source import Range, SourceError
from flake8_redis_ssot.syntax.imports import Part

FIXABLE = frozenset(FIX_KINDS)
"""The rules whose diagnostics a fix may settle."""

EXPLAINED = frozenset(["RED000"])
"""Rules without a fix, whose diagnostics are left with a reason: such a file may refer to what is exchanged."""

PASSES = 10

_STRING = ("RED106", "stale-manager-reference")
"""The rule on strings like those that follow what they patch."""


@dataclass(slots=True)
class FixResult:
    """What fixes came to.

    `changes` are the new bytes of each file, `before` those that were read; `settled` the
    diagnostics that they settle, each with its fix, where they stood before; `followed` the strings that change with
    these, though no rule reports them; `left` those that remain, each with the reason, in `outcome` as they are found when all is done. `rewriter` knows the project as it was, `index` as it is then; `root` is its folder.
    """

    changes: dict[str, bytes] = field(default_factory=dict)
    before: dict[str, bytes] = field(default_factory=dict)
    settled: list[Diagnostic] = field(default_factory=list)
    followed: list[Diagnostic] = field(default_factory=list)
    left: list[tuple[Diagnostic, str]] = field(default_factory=list)
    outcome: Outcome = field(default_factory=Outcome)
    rewriter: Rewriter | None = None
    index: ProjectIndex | None = None
    root: str = ""
    is_asked: Callable[[Diagnostic, str], bool] = field(default_factory=lambda: refers_to)
    """Whether a diagnostic of what is then there has to do with an object."""

    def shifts(self) -> Shifts:
        """Where the lines of the files as `changes` have them stood before."""
        return Shifts(self.before, self.changes, self.root)


class DefectError(Exception):
    """A fault of our own, by which no fix can be granted; the text says where."""


@contextmanager
def defects_named() -> Iterator[None]:
    """For work after which there is something to be reported whatever becomes of the fixes."""
    try:
        yield
    except (SettingsError, DefectError):
        raise
    except Exception as error:
        what = next(iter(getattr(error, "__notes__", ())), "all files")
        raise DefectError(defect(what, error, "no fixes were worked out")) from error


@defects_named()
@collecting_seldom()
def mend(
    files: Sequence[str],
    settings: Settings,
    codes: frozenset[str],
    within: Collection[str],
    filesystem: FileSystem = DISK,
    *,
    unsafe: bool = False,
    jobs: int = 1,
    only: str = "",
    unfixed: Collection[str] = (),
    cache_of: Callable[[FileChecker], Cache | None] = lambda checker: None,
    first: Outcome | None = None,
    follows: bool = False,
) -> FixResult:
    """What the files `within` become when all fixes of the rules `codes` are applied; nothing is written.

    `files` are all of the project; what may not be written, or another git repository has, stays. With
    `only` what does not refer to that object, or to something below it, stays too, and is not among what is left. What
    the rules `unfixed` report stays. `FixResult.left` are what remains of the rules that have a fix, and of those that
    say what else refers to an object. `cache_of` gives what earlier runs found, `first` is what these rules find now with
    the facts of all files, where that is known. Where comments are judged, what silences findings on clients of other
    files counts if it `follows` these. DefectError where that cannot be told for a fault of our own.
    """
    mended = FixResult(root=settings.root)
    kept = closed(within, settings.root)
    within = set(within) - kept.keys()
    rules = [rule for rule in all_rules() if rule.code in codes]
    reads = ProjectReads(files, filesystem)
    unchecked = Unchecked(settings, files, filesystem)
    for _ in range(PASSES):
        checker = FileChecker(settings, rules, filesystem=filesystem, keeps_facts=True, follows=follows)
        cache = cache_of(checker) if first is None else None
        mended.outcome = first or run_project(files, checker, jobs=jobs, cache=cache)
        first = None
        if cache is not None:
            mended.outcome.facts = cache.completed(mended.outcome.facts, files)
        step = Step(
            checker,
            mended.outcome,
            within,
            unsafe=unsafe,
            reads=reads,
            unchecked=unchecked,
            only=only,
            unfixed=unfixed,
        )
        mended.rewriter = mended.rewriter or step.rewriter
        mended.index = step.index
        mended.left = [(diagnostic, refusal.reason) for diagnostic, refusal in step.refused]
        if not step.changes:
            break
        settled = step.settled_saying_parts() if unsafe else step.settled
        shifts = mended.shifts()
        mended.settled += map(shifts.diagnostic_before, settled)
        mended.followed += map(shifts.diagnostic_before, step.followed)
        mended.before = {path: step.bytes_of(path) for path in step.changes} | mended.before
        mended.changes |= step.changes
        filesystem = filesystem.with_edits(step.changes)
        reads = reads.changed(step.changes)
    if not unsafe and any(isinstance(refusal, Unsafe) for _, refusal in step.refused):
        # what an unsafe run would leave too has that reason
        other = Step(
            checker,
            mended.outcome,
            within,
            unsafe=True,
            unchecked=unchecked,
            only=only,
            unfixed=unfixed,
            rewriter=step.rewriter,
        )
        anyhow = {d.sort_key: refusal.reason for d, refusal in other.refused}
        mended.left = [(d, anyhow.get(d.sort_key, reason)) for d, reason in mended.left]
    for diagnostic in mended.outcome.diagnostics if kept else ():
        if diagnostic.path in kept and is_looked_at(diagnostic, step.index):
            # of a file that cannot be read it is not to be said that only writing fails
            is_read = diagnostic.code not in EXPLAINED
            why = kept[diagnostic.path] if is_read else step.rewriter.unread(diagnostic.path)
            mended.left.append((diagnostic, why.reason))
    mended.is_asked = step.is_asked
    mended.left = [one for one in mended.left if step.is_asked(one[0], only)]
    mended.left.sort(key=lambda one: one[0].sort_key)
    return mended


def is_looked_at(diagnostic: Diagnostic, index: ProjectIndex) -> bool:
    """Whether a diagnostic is settled or left with a reason; what a forbidden module builds itself goes with it."""
    if FIX_KINDS.get(diagnostic.code) == "construction" and index.place(diagnostic.path).is_forbidden:
        return False
    return diagnostic.code in FIXABLE | EXPLAINED


def refers_to(diagnostic: Diagnostic, only: str) -> bool:
    """Whether a diagnostic is of the object `only`, or of something below it; of any where that is empty."""
    return not only or any(is_under(name, only) for name in diagnostic.symbols)


class Step:
    """One pass: what can be settled of an outcome, and why the rest is left.

    A `rewriter` of an earlier one of the same outcome knows already what it was asked then.
    """

    def __init__(
        self,
        checker: FileChecker,
        outcome: Outcome,
        within: Collection[str],
        *,
        unsafe: bool,
        reads: ProjectReads | None = None,
        unchecked: Unchecked | None = None,
        only: str = "",
        unfixed: Collection[str] = (),
        rewriter: Rewriter | None = None,
    ) -> None:
        if rewriter is None:
            index = ProjectIndex(checker.settings, outcome.facts, checker.managers)
            reads = reads or ProjectReads(index.facts, checker.filesystem)
            unchecked = unchecked or Unchecked(checker.settings, index.facts, checker.filesystem)
            rewriter = Rewriter(index, checker.context_of, reads, unchecked)
        self.rewriter, self.index = rewriter, rewriter.index
        self.refused: list[tuple[Diagnostic, Refusal]] = []
        self.settled: list[Diagnostic] = []
        self.followed: list[Diagnostic] = []
        self.changes: dict[str, bytes] = {}
        self._good: list[Proposal] = []
        self._staying: list[tuple[Diagnostic, Refusal]] = []
        """What is refused, before the causes of what moves with other lines are told."""
        self._before: dict[str, bytes] = {}
        is_test = self.index.settings.is_test
        dynamic = [
            d
            for d in outcome.diagnostics
            if d.code == "RED105" or (d.code == "RED106" and not is_test(d.path))  # that of a test patches
        ]
        self._units = Units(self.rewriter, within, dynamic, unsafe=unsafe)
        proposals: list[Proposal] = []
        for path, of_path in groupby(outcome.diagnostics, lambda diagnostic: diagnostic.path):
            mine: list[Proposal] = []
            found = list(of_path) if path in within else []
            unused = {d.range for d in found if FIX_KINDS.get(d.code) == "comment"}
            for diagnostic in found:
                if is_looked_at(diagnostic, self.index):
                    try:
                        self._check_asked(diagnostic, only)
                        if diagnostic.code in unfixed:
                            raise Refusal(
                                "`fixable` and `unfixable` leave it as it is",
                                f"let `fixable` have {diagnostic.code}",
                            )
                        mine.append(self._proposed(diagnostic, unsafe, unused))
                    except Refusal as refusal:
                        self.refused.append((diagnostic, refusal.untraced()))
                    except Exception as error:
                        error.add_note(path)
                        raise
            for proposal in mine:
                proposal.let_go()
            proposals += mine
            if not mine:
                self.rewriter.forget(path)
        self._settle(proposals)

    @property
    def meets_patches(self) -> bool:
        """Whether a test patches what is exchanged, so that a file may be settled only with others."""
        return self._units.met

    @property
    def leaves_behind(self) -> bool:
        """Whether something stays that belongs together with what is settled."""
        return bool(self._units.tied(self._good, self._staying, ()))

    def is_asked(self, diagnostic: Diagnostic, only: str) -> bool:
        """Whether a diagnostic is of the object `only`, or its file reads that of the module that it is of."""
        return refers_to(diagnostic, only) or any(self._read_of(diagnostic, only))

    def _check_asked(self, diagnostic: Diagnostic, only: str) -> None:
        """Refusal where a diagnostic is of anything else than `only`."""
        if refers_to(diagnostic, only):
            return
        uses = self._read_of(diagnostic, only)
        if not any(uses):
            raise Refusal(f"only what refers to `{only}` is asked for", "leave --only out")
        if not all(uses):
            raise Refusal(
                f"it is the import of `{diagnostic.symbols[0]}`, of which this file uses more than `{only}`",
                f"import `{only.rpartition('.')[2]}` by its name, or name `{diagnostic.symbols[0]}` with --only",
            )

    def _read_of(self, diagnostic: Diagnostic, only: str) -> list[bool]:
        """Of each use of the module that is imported, whether it is one of `only`, which is below it."""
        module = next((name for name in diagnostic.symbols if only.startswith(f"{name}.")), None)
        is_import = FIX_KINDS.get(diagnostic.code) == "import" and module is not None
        view = self.rewriter.view(diagnostic.path, keep=False) if is_import else None
        if view is None or module is None:
            return []
        return [is_under(dotted, only) for _, dotted in self.rewriter.places(view, module)]

    def _proposed(self, diagnostic: Diagnostic, unsafe: bool, unused: Collection[Range]) -> Proposal:
        proposal = self.rewriter.propose(diagnostic, unused)
        if proposal.applicability != "safe" and not unsafe:
            raise Unsafe(
                f"it would be unsafe to {proposal.title[0].lower()}{proposal.title[1:]}: {proposal.why}",
                "look there, and run with --include-unsafe if that does no harm",
            )
        return proposal

    def _settle(self, proposals: list[Proposal]) -> None:
        """Drop units until those left can stand together, and put down what they give."""
        while True:
            kept, strings = self._units.settled(proposals, self.refused)
            composed: dict[str, bytes] = {}
            good: list[Proposal] = []
            self.settled = []
            by_path: dict[str, list[Proposal]] = {path: [] for path in [*(p.path for p in kept), *strings]}
            for proposal in kept:
                by_path[proposal.path].append(proposal)
            for path, mine in by_path.items():
                view = self.rewriter.view(path)
                if view is None:
                    for proposal in mine:
                        self._drop(proposal, Refusal("the file was changed meanwhile", "run again"))
                    continue
                statements = [statement for statement, _ in view.aliases.values()]
                for proposal in mine:
                    proposal.take_up(statements)
                data, fine = self._composed(view, mine, strings.get(path, {}))
                good += fine
                self.settled += [replace(p.diagnostic, fix=self._fix(view, p)) for p in fine]
                for proposal in mine:
                    proposal.let_go()
                if data != view.source.data:
                    composed[path] = data
                    self._before[path] = view.source.data
            if len(good) == len(kept):
                break
            proposals = good
        self.changes = composed
        self._good = good
        still = []
        edits = [
            (path, text, edit)
            for path, of_path in strings.items()
            for text, edit in self._edits(path, of_path)
        ]
        own: set[tuple[str, Edit]] = set()
        for diagnostic, refusal in self.refused:
            edit = next((edit for path, _, edit in edits if _is_of(diagnostic, path, edit)), None)
            if edit is None:
                still.append((diagnostic, refusal))
            else:
                own.add((diagnostic.path, edit))
                self.settled.append(replace(diagnostic, fix=_following(edit)))
        followed = (
            Diagnostic(path, edit.range, *_STRING, f"`{text}` is patched", fix=_following(edit))
            for path, text, edit in edits
            if (path, edit) not in own
        )
        self.followed = sorted(followed, key=lambda one: one.sort_key)
        self._staying = still
        causes = Causes(self._units.staying, self._units.runs, self._units.unmoved)
        self.refused = sorted(causes.explained(still), key=lambda one: one[0].sort_key)

    def settled_saying_parts(self) -> list[Diagnostic]:
        """What is settled; where a fix parts what belongs together it is unsafe, with a word on what stays."""
        replaced = self._units.whole.replaced(self._good, self._staying)
        parted = self._units.tied(self._good, self._staying, replaced)
        said = {p.diagnostic.sort_key: parted[id(p)] for p in self._good if id(p) in parted}
        return [
            replace(
                d,
                fix=replace(
                    d.fix,
                    message=f"{d.fix.message}, though {said[d.sort_key].what}; see that this does no harm",
                    applicability="unsafe",
                ),
            )
            if d.fix is not None and d.sort_key in said
            else d
            for d in self.settled
        ]

    def _edits(self, path: str, strings: Mapping[Part, str]) -> Iterator[tuple[str, Edit]]:
        """The changes of the strings of a file that follow the imports, each with the string."""
        view = self.rewriter.view(path)
        for (start, end, content), text in strings.items() if view is not None else ():
            assert view is not None
            yield text, Edit(view.source.place(start, end), content)

    def bytes_of(self, path: str) -> bytes:
        """What this pass has read of a file that it changes."""
        return self._before[path]

    def _drop(self, proposal: Proposal, refusal: Refusal) -> None:
        self.refused.append((proposal.diagnostic, refusal))

    def _composed(
        self, view: View, proposals: list[Proposal], strings: Mapping[Part, str]
    ) -> tuple[bytes, list[Proposal]]:
        """The bytes of a file with as many of the units as can be applied, and these."""
        tried = list(proposals)
        data, refusal = self._applied(view, tried, strings)
        if refusal is None:
            return data, tried
        fine: list[Proposal] = []
        for proposal in proposals:
            _, refusal = self._applied(view, [*fine, proposal], strings)
            if refusal is None:
                fine.append(proposal)
            else:
                self._drop(proposal, refusal)
        data, _ = self._applied(view, fine, strings)
        return data, fine

    def _applied(
        self, view: View, proposals: Sequence[Proposal], strings: Mapping[Part, str]
    ) -> tuple[bytes, Refusal | None]:
        """The bytes of a file after `proposals`; what is wrong with them."""
        if clash(proposals):
            return view.source.data, Refusal("another change takes the same name", "run again")
        parts = sorted({*parts_of(view, proposals), *strings})
        if any(start < end for (_, end, _), (start, _, _) in pairwise(parts)):
            return view.source.data, Refusal("it overlaps another change", "run again")
        try:
            data = view.source.replaced(parts)
        except SourceError as error:
            return view.source.data, Refusal(f"the file {error.message}", error.advice)
        refusal = rejection(view, proposals, data, self.rewriter.graph) if parts else None
        return (view.source.data if refusal is not None else data), refusal

    @staticmethod
    def _fix(view: View, proposal: Proposal) -> Fix:
        edits = (
            Edit(view.source.place(start, end), content) for start, end, content in parts_of(view, [proposal])
        )
        return Fix(proposal.title, tuple(sorted(edits)), proposal.applicability, proposal.is_removal)


def _is_of(diagnostic: Diagnostic, path: str, edit: Edit) -> bool:
    """Whether the change of a string is one of the string that a diagnostic is about."""
    where, inner = diagnostic.range, edit.range
    is_inside = diagnostic.path == path and where.start <= inner.start and inner.end <= where.end
    return is_inside and FIX_KINDS.get(diagnostic.code) == "string"


def _following(edit: Edit) -> Fix:
    return Fix(f"Patch where it is looked up: `{edit.content}`", (edit,), "safe")
