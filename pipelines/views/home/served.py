"""The pages around a run, served beside the live page under the same key."""

from __future__ import annotations

import asyncio
import io
import math
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl

from imu.errors import BackstrideError, InputError, ParameterError
from pipelines.runner.journal.at_hand import JournalAtHand
from pipelines.runner.journal.bringing_back import bring_back
from pipelines.runner.journal.entries import Session
from pipelines.runner.journal.export import archive_of
from pipelines.runner.unfiled import unfiled_run
from pipelines.units import parse_whole
from pipelines.views.app_libraries import missing
from pipelines.views.home.answers import Answers
from pipelines.views.home.demonstration import DAYS, Demonstration
from pipelines.views.home.edits import change
from pipelines.views.home.frame import Frame, render_page
from pipelines.views.home.run_files import activity_of, read_run, recording_of
from pipelines.views.page.gate import PLAIN_POLICY

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

    from pipelines.runner.journal.database import Journal

_STATIC: Final = Path(__file__).parent / "static"
_HEADERS: Final = {"cache-control": "no-store", "content-security-policy": PLAIN_POLICY}
#: A page that is open asks once a minute at least, even behind others, s.
_LOOKED_AT_S: Final = 90.0
#: An archive takes some megabytes.
_LONGEST_ARCHIVE: Final = 100_000_000
#: Most bytes that a form may send.
_LONGEST_FORM: Final = 20_000


class HomePages:
    """Serves the pages of the runner's journal, and of the demonstration's.

    Parameters
    ----------
    journal : JournalAtHand
        That of the program.
    now : callable
        The time on the runner's clock, with its zone.
    run_goes_on : callable
        Whether a run of this program goes on: its pain is rated on its own page.
    """

    def __init__(
        self,
        journal: JournalAtHand,
        now: Callable[[], datetime] = lambda: datetime.now().astimezone(),
        run_goes_on: Callable[[], bool] = lambda: False,
    ) -> None:
        self._journal, self._now, self._run_goes_on = journal, now, run_goes_on
        self._folder = journal.path.parent  # of small files and the demonstration
        self.demonstration = Demonstration(self._folder / "demonstration")
        self._of_demonstration: JournalAtHand | None = None
        self._root = "/"
        self._said: tuple[str, str] = ("", "")
        self._reports: dict[tuple[str, int, int], str] = {}
        self._asked_s = -math.inf

    def mount(self, app: Starlette, root: str) -> None:
        """Add the pages to an application, under the address of the live page, ending in "/"."""
        self._root = root
        answers = {"alive": self._alive, "style.css": self._style, "home.js": self._script}
        for name in ("home", "demonstration"):
            activity = {"runs/{number:int}/activity.fit": self._activity}
            for path, answer in (answers | activity | self._pages()).items():
                app.add_route(f"{root}{name}/{path}", answer, methods=["GET"])
            app.add_route(f"{root}{name}/change/{{what}}", self._change, methods=["POST"])
        app.add_route(f"{root}home/journal.zip", self._archive, methods=["GET"])
        app.add_route(f"{root}home/bring-back", self._bring_back, methods=["POST"])

    @property
    def is_looked_at(self) -> bool:
        """Whether a browser has one of the pages open, as far as can be told."""
        return time.monotonic() - self._asked_s < _LOOKED_AT_S

    def close(self) -> None:
        """Close the journal of the demonstration."""
        if self._of_demonstration is not None:
            self._of_demonstration.__exit__()
            self._of_demonstration = None

    # ------------------------------------------------------------------------------ the pages

    def _pages(self) -> dict[str, Callable[[Request], Awaitable[Response]]]:
        """By path, what answers with a page; its first part names the page that it belongs to."""
        made: dict[str, Callable[[Answers, Frame, Request], str]] = {
            "runs": lambda it, frame, asked: it.runs(frame, _number(asked, "before")),
            "runs/{number:int}": self._run_page,
            "months": lambda it, frame, asked: it.months(frame, _number(asked, "days")),
            "journal": lambda it, frame, _: it.diary_page(frame),
            "exercises": lambda it, frame, _: it.exercises(frame),
            "exercises/{name}": lambda it, frame, asked: it.exercise(
                frame, asked.path_params["name"]
            ),
            "letter": lambda it, frame, _: it.letter(frame),
        }
        return {
            path: partial(self._page, path.partition("/")[0], one) for path, one in made.items()
        }

    def _run_page(self, answers: Answers, frame: Frame, asked: Request) -> str:
        number = min(asked.path_params["number"], 2**62)
        session = answers.journal.entry(Session, number)
        try:
            report = self._report(session, answers.journal)
        except BackstrideError as error:
            return answers.run(frame, number, trouble=str(error))
        return answers.run(frame, number, report=report)

    def _report(self, session: Session, journal: Journal) -> str:
        """The report of a run's recording; kept while nothing about it changes."""
        from pipelines.views.report.content import content_of
        from pipelines.views.report.earlier import previous_runs_of_journal
        from pipelines.views.report.page import render_main

        path, units = recording_of(session), journal.settings().units
        changed = path.stat()
        said = (session.distance_m, session.distance_source, session.surface, session.shoe_id)
        key = (f"{path} {units} {said}", changed.st_mtime_ns, changed.st_size)
        if key not in self._reports:
            recording = read_run(session, journal)
            earlier = previous_runs_of_journal(journal, session.utc_start_ns)
            if len(self._reports) > 8:
                self._reports.clear()
            self._reports[key] = render_main(content_of(recording, earlier), units)
        return self._reports[key]

    async def _activity(self, request: Request) -> Response:
        """A run as a FIT activity, with what the journal has of it."""
        from starlette.responses import Response

        number = min(request.path_params["number"], 2**62)
        journal = self._answers(self._is_demonstration(request)).journal
        try:
            session = journal.entry(Session, number)
            content = await asyncio.to_thread(activity_of, session, journal)
        except BackstrideError as error:
            return self._sentence(str(error), 404)
        named = {"content-disposition": f'attachment; filename="{session.day}-{number}.fit"'}
        return Response(content, media_type="application/octet-stream", headers=_HEADERS | named)

    # ------------------------------------------------------------------------------- changes

    async def _change(self, request: Request) -> Response:
        what = request.path_params["what"]
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > _LONGEST_FORM:
                return self._sentence("What was sent is too long to be a form of this page.", 413)
        fields = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
        demonstration = self._is_demonstration(request)
        after = {"run": f"runs/{fields.get('run', '')}", "letter": "letter"}.get(what, "journal")
        of_its_page = what == "pain" and fields.get("when") != "other" and "quality" not in fields
        if of_its_page or (what == "delete" and fields.get("run")):
            after = f"runs/{fields.get('run', '')}"
        if what == "file" or (what == "delete" and fields.get("kind") == "run"):
            after = "runs"
        address = f"{self._here(demonstration)}{after}"
        return await self._made_change(
            request, partial(self._changed, what, fields, demonstration), address
        )

    async def _made_change(
        self, request: Request, make: Callable[[], str], address: str
    ) -> Response:
        """Make a change, and lead to the page that tells it; a refusal stands in its form."""
        from starlette.responses import PlainTextResponse, RedirectResponse

        scripted = request.headers.get("accept") == "text/plain"
        try:
            self._said = (await asyncio.to_thread(make), "")
        except BackstrideError as error:
            if scripted:
                return PlainTextResponse(str(error), 422, headers=_HEADERS)
            self._said = ("", str(error))
        if scripted:
            return PlainTextResponse(address, headers=_HEADERS)
        return RedirectResponse(address, 303, headers=_HEADERS)

    async def _bring_back(self, request: Request) -> Response:
        """Add what an exported journal has and this one has not."""
        from starlette.exceptions import HTTPException

        length = parse_whole(request.headers.get("content-length", ""), _LONGEST_ARCHIVE)
        if length is None:
            return self._sentence("What was sent is too long to be an archive of a journal.", 413)
        try:
            form = await request.form(max_files=1, max_fields=1)
        except HTTPException:
            return self._sentence(
                "The archive did not come whole: choose it and send it again.", 400
            )
        try:
            sent = form.get("archive")
            file = getattr(sent, "file", io.BytesIO())
            name = getattr(sent, "filename", "") or "the archive"
            return await self._made_change(
                request,
                lambda: bring_back(self._answers(demonstration=False).journal, file, name).words,
                f"{self._here(demonstration=False)}journal",
            )
        finally:
            await form.close()

    async def _archive(self, _: Request) -> Response:
        """The whole journal, as a file to keep."""
        from starlette.responses import Response

        try:
            content, _counts = await asyncio.to_thread(archive_of, self._journal.open())
        except BackstrideError as error:
            return self._sentence(str(error), 500)
        named = {"content-disposition": 'attachment; filename="backstride-journal.zip"'}
        return Response(content, media_type="application/zip", headers=_HEADERS | named)

    def _changed(self, what: str, fields: dict[str, str], demonstration: bool) -> str:
        answers = self._answers(demonstration)
        if what == "letter":
            return answers.hand_over()
        later = fields.get("when") in {"24h", "48h"}
        if what == "pain" and not (later or demonstration) and self._run_goes_on():
            raise InputError(
                "a run is going on: rate the pain on its page, Today, where it is judged at once "
                "and belongs to that run."
            )
        return change(answers.journal, what, fields, answers.now)

    # -------------------------------------------------------------------------------- common

    async def _page(
        self, page: str, make: Callable[[Answers, Frame, Request], str], request: Request
    ) -> Response:
        from starlette.responses import HTMLResponse

        self._asked_s = time.monotonic()
        if lacking := missing("matplotlib", "jinja2"):
            needed = " and ".join(lacking)
            return self._sentence(f"These pages need {needed}, as the README says.", 500)
        demonstration = self._is_demonstration(request)
        (told, trouble), self._said = self._said, ("", "")
        here = self._here(demonstration)
        frame = Frame(self._root, here, page, told, trouble, demonstration=demonstration)
        try:
            text, status = await asyncio.to_thread(self._made, make, frame, request), 200
        except ParameterError as error:
            text, status = self._refused(frame, str(error)), 404
        except BackstrideError as error:
            text, status = self._refused(frame, f"This page cannot be made: {error}"), 500
        return HTMLResponse(text, status, headers=_HEADERS)

    def _made(
        self, make: Callable[[Answers, Frame, Request], str], frame: Frame, request: Request
    ) -> str:
        if frame.demonstration and not self.demonstration.ready:
            self.demonstration.begin(self._now())
            return render_page(
                "making.html.j2",
                frame,
                done=self.demonstration.done,
                count=len(DAYS),
                problem=self.demonstration.trouble,
            )
        answers = self._answers(frame.demonstration)
        missed = None if frame.demonstration else unfiled_run(answers.journal)
        unfiled = "" if missed is None else missed.message
        frame = replace(frame, due=answers.questions_due(), unfiled=unfiled)
        return make(answers, frame, request)

    @staticmethod
    def _refused(frame: Frame, why: str) -> str:
        """A sentence in place of a page, with the way to the others."""
        return render_page("refused.html.j2", replace(frame, trouble=why))

    def _answers(self, demonstration: bool) -> Answers:
        if not demonstration:
            return Answers(self._journal.open(), self._folder, self._now())
        folder = self.demonstration.folder
        if self._of_demonstration is None:
            self._of_demonstration = JournalAtHand(folder / "journal.sqlite3")
            units = self._journal.ask(lambda own: own.settings().units, "metric")
            self._of_demonstration.open().change_settings(units=units)
        return Answers(self._of_demonstration.open(), folder, self._now())

    def _is_demonstration(self, request: Request) -> bool:
        return request.url.path.startswith(f"{self._root}demonstration/")

    def _here(self, demonstration: bool) -> str:
        return f"{self._root}{'demonstration' if demonstration else 'home'}/"

    async def _alive(self, _: Request) -> Response:
        from starlette.responses import Response

        self._asked_s = time.monotonic()
        return Response(status_code=204, headers=_HEADERS)

    async def _style(self, _: Request) -> Response:
        from starlette.responses import Response

        from pipelines.views.report.page import style

        text = style() + (_STATIC / "home.css").read_text(encoding="utf-8")
        return Response(text, media_type="text/css", headers=_HEADERS)

    async def _script(self, _: Request) -> Response:
        from starlette.responses import Response

        text = (_STATIC / "home.js").read_text(encoding="utf-8")
        return Response(text, media_type="text/javascript", headers=_HEADERS)

    @staticmethod
    def _sentence(text: str, status: int) -> Response:
        from starlette.responses import HTMLResponse

        from pipelines.views.page.gate import sentence_page

        return HTMLResponse(sentence_page(text), status, headers=_HEADERS)


def _number(request: Request, name: str) -> int | None:
    """A whole number of the query; None where there is none."""
    return parse_whole(request.query_params.get(name, ""), 10**9)
