"""Every text of the training rules, by name: each with its sources.

Health articles are named by their titles; in docstrings of the rules by the numbers 000 to 004, in
that order. Studies are named by first author, year and DOI. A text without a source is this
program's own wording or a rule of thumb, and says so. Nothing here diagnoses; only a red flag and
strong or rising pain tell anybody to stop.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

ARTICLES: Final = (
    "What to know about running with back pain (HSS)",
    "How to prevent lower back pain when running (Running Is My Passport)",
    "S. McCance on running and the back (Spine-health)",
    "S. McCance on common back injuries of runners (Spine-health)",
    "Is running good or bad for back pain? (The Nest)",
)
_A0, _A1, _A2, _A3, _A4 = ARTICLES
_FRANDSEN: Final = "Frandsen 2025, doi:10.1136/bjsports-2024-109380"
_FARRAR: Final = "Farrar 2001, doi:10.1016/S0304-3959(01)00349-9"
_FINUCANE: Final = "Finucane 2020, doi:10.2519/jospt.2020.9971"
_FOSTER: Final = "Foster 1998, Med Sci Sports Exerc 30(7):1164"
_GARBER: Final = "Garber 2011, doi:10.1249/MSS.0b013e318213fefb"
_HEIDERSCHEIT: Final = "Heiderscheit 2011, doi:10.1249/MSS.0b013e3181ebedf4"
_RODACKI: Final = "Rodacki 2024"
_THOMEE: Final = "Thomeé 1997, doi:10.1093/ptj/77.12.1690"
_THUMB: Final = "users' rule of thumb"
_OWN: Final = "this program's rule of thumb"

_STOPPING: Final = (
    "Slow to a walk now, and walk gently for a few minutes instead of standing still. If you are "
    "out, take the shortest way home."
)
_COACHING_OFF: Final = "Coaching is off until a professional has cleared you."
_WHY_STRENGTH: Final = "Lifting eased back pain by 60 % in one study, jogging by 12 %."


@dataclass(frozen=True, slots=True)
class Text:
    """Words in English and where the advice comes from.

    Attributes
    ----------
    words : str
        With fields in braces for :func:`~pipelines.coaching.texts.text`. A field such as
        ``{days:#day}`` is a whole number with its noun, in the plural where it is not one.
    sources : tuple of str
        Articles and studies, empty for plain wording.
    detail : str
        What follows the words where these are to stand out alone, with fields of its own.
    """

    words: str
    sources: tuple[str, ...] = ()
    detail: str = ""

    @property
    def whole(self) -> str:
        """Words and detail."""
        return f"{self.words} {self.detail}".rstrip()


CATALOGUE: Final[Mapping[str, Text]] = MappingProxyType(
    {
        # ------------------------------------------------------------------ warm-up, cool-down
        "warm_up.ease": Text(
            "Ease off for now: {minutes:#more easy minute} for a full warm-up.",
            (_A1, _A2, _A3),
        ),
        "warm_up.done": Text(
            "Warm-up done: {minutes:#easy minute}. Run as you like.", (_A1, _A2, _A3)
        ),
        "cool_down.walk": Text("Walk for a minute or two before you stand still.", (_A1,)),
        "cool_down.done": Text("You cooled down well: easy at the end, with a walk.", (_A1,)),
        "cool_down.short": Text(
            "The run ended without a cool-down: next time take three easy minutes, one of them "
            "walking.",
            (_A1,),
        ),
        "warm_up.hard_before": Text(
            "{distance} were run hard before you were warm: next time keep the first ten minutes "
            "easy.",
            (_A1, _A3),
        ),
        # ------------------------------------------------------------------ routines
        "routine.pelvic_tilts": Text(
            "Pelvic tilts: on your back, knees bent, press the lower back to the floor and let "
            "go; or standing against a wall.",
            (_A0, _A4),
        ),
        "routine.high_knees": Text(
            "High knees on the spot, easily, for {seconds:#second}.", (_A0, _A1)
        ),
        "routine.mini_squats": Text(
            "Mini-squats: bend the knees a little, heels down, back long.", (_A0, _A1)
        ),
        "routine.leg_swings": Text(
            "Leg swings: hold on to something and swing a leg forward and back, five times each.",
            (_A0, _A1),
        ),
        "routine.bridges": Text(
            "Bridges: on your back, lift the hips until body and thighs are one line.", (_A0, _A1)
        ),
        "routine.plank": Text(
            "Plank: on forearms and toes, or knees, hold for {seconds:#second} and breathe.",
            (_A0, _A1),
        ),
        "routine.rest": Text("Rest for {seconds:#second}, then the second set.", (_OWN,)),
        "routine.balance_left": Text(
            "Balance: stand on the left leg for {seconds:#second}, near something to hold.", (_A0,)
        ),
        "routine.balance_right": Text(
            "Balance: stand on the right leg for {seconds:#second}.", (_A0,)
        ),
        "routine.walk": Text(
            "Cool down: walk easily for three minutes; each minute is counted.", (_A1,)
        ),
        "routine.count": Text("{n:.0f} of {of:.0f}"),
        "routine.done": Text("Done."),
        "routine.before_run": Text(
            "Before you start: ten pelvic tilts, half a minute of high knees, ten mini-squats and "
            "ten leg swings; then five to ten easy minutes.",
            (_A0, _A1, _A4),
        ),
        "cross.due": Text(
            "No cross-training noted this week: half an hour of cycling, swimming or a good walk "
            "keeps you moving without the impact.",
            (_A0,),
        ),
        "core.due": Text(
            "No core work yet this week: two sets of pelvic tilts, bridges and planks take five "
            "minutes.",
            (_A0, _A1),
        ),
        # ------------------------------------------------------------------ after a run
        "review.compared": Text("Against your run of {day}{on}: {what}.", (_OWN,)),
        "review.steady": Text("What went well: your form stayed in its usual range to the end."),
        "review.warm": Text("What went well: you took your time to warm up."),
        "review.moved": Text("What went well: you ran for {minutes:#minute}."),
        # ------------------------------------------------------------------ single session
        "session.longest_distance": Text(
            "{distance}: as far as your longest run of the last 30 days.", (_FRANDSEN, _A1)
        ),
        "session.beyond_distance": Text(
            "{distance}: {percent:.0f} % of your longest run of the last 30 days. A good moment to "
            "finish.",
            (_FRANDSEN, _A1),
        ),
        "session.ran_beyond_distance": Text(
            "{distance}: {percent:.0f} % of your longest run of the last 30 days. Let the next one "
            "be shorter.",
            (_FRANDSEN, _A1),
        ),
        "session.ran_beyond_dose": Text(
            "Load of {distance} of easy running: {percent:.0f} % of your most of the last 30 days. "
            "Let the next run be shorter.",
            (_OWN,),
        ),
        "session.longest_dose": Text(
            "Load of {distance} of easy running: as much as your most of the last 30 days.", (_OWN,)
        ),
        "session.beyond_dose": Text(
            "Load of {distance} of easy running: {percent:.0f} % of your most of the last 30 days. "
            "A good moment to finish.",
            (_OWN,),
        ),
        "session.budget": Text(
            "Today's budget: your longest run of the last 30 days is {longest}, so up to {most}.",
            (_FRANDSEN, _A1),
        ),
        "session.budget_week": Text("Left of this week's ceiling: {left}.", (_A1, _THUMB)),
        "session.longer_distance": Text(
            "{distance}: further than your longest run of the last 30 days.", (_FRANDSEN, _A1)
        ),
        "session.longer_dose": Text(
            "Load of {distance} of easy running: more than your most of the last 30 days.", (_OWN,)
        ),
        "session.no_history": Text(
            "No run of the last 30 days has a distance or a load to go by: run easily, and no "
            "further than you are used to.",
            (_A1,),
        ),
        # ------------------------------------------------------------------ week
        "weekly.within": Text("{distance} this week, {left} below your ceiling of {ceiling}."),
        "weekly.reached": Text(
            "{distance} this week: your ceiling is {ceiling}. Rest or cross-train until the next "
            "week begins.",
            (_A1, _THUMB),
        ),
        "weekly.was_reached": Text("{distance} in the week of this run: the ceiling is {ceiling}."),
        "weekly.no_ceiling": Text(
            "{distance} this week. A ceiling needs an earlier week with a known distance, or one "
            "that you set."
        ),
        "weekly.unknown": Text("Runs of this week without a distance: {runs:.0f}."),
        "weekly.why": Text(
            "Two miles a week more than the week before is a rule of thumb among runners, not a "
            "finding; set your own ceiling where you know better.",
            (_A1, _THUMB),
        ),
        "weekly.reached_now": Text(
            "{distance} this week: that is this week's ceiling. Finish here, or walk on.",
            (_A1, _THUMB),
        ),
        "weekly.beyond_now": Text(
            "{distance} this week: {percent:.0f} % of this week's ceiling. A good moment to "
            "finish.",
            (_A1, _THUMB),
        ),
        # ------------------------------------------------------------------ effort
        "effort.light": Text("Light: you can talk in whole sentences.", (_GARBER,)),
        "effort.moderate": Text("Moderate: you can talk, a few words at a time.", (_GARBER,)),
        "effort.vigorous": Text("Vigorous: more than a word at a time is hard.", (_GARBER,)),
        "effort.rated_light": Text("Effort {rating:.0f} of 10: an easy run.", (_GARBER,)),
        "effort.rated_moderate": Text("Effort {rating:.0f} of 10: a steady run.", (_GARBER,)),
        "effort.rated_vigorous": Text(
            "Effort {rating:.0f} of 10: a hard run. Make the next one easy, so that you can talk "
            "in whole sentences.",
            (_GARBER, _A4),
        ),
        # ------------------------------------------------------------------ charts
        "chart.acwr": Text(
            "Chart only: the distance of the last 7 days over a week's mean of the three weeks "
            "before; 1 is as much as usual. In 5205 runners a higher ratio did not go with more "
            "injuries, so nothing here acts on it.",
            (_FRANDSEN,),
        ),
        "chart.monotony": Text(
            "Chart only: how alike the last 7 days were, the mean over the standard deviation of "
            "their distances. Shown for those who keep such a record; nothing here acts on it.",
            (_FOSTER,),
        ),
        "chart.strain": Text(
            "Chart only: the distance of the last 7 days in metres times the monotony. Shown for "
            "those who keep such a record; nothing here acts on it.",
            (_FOSTER,),
        ),
        # ------------------------------------------------------------------ pain
        "pain.none": Text("No pain noted lately."),
        "pain.watch": Text(
            "Pain noted {ago}. Note it again after 24 and 48 hours, and keep moving gently as far "
            "as it is comfortable.",
            (_A0, _A2, _A4),
        ),
        "pain.watch_second": Text(
            "Pain noted {ago}. Note it again 48 hours after it began, and keep moving gently as "
            "far as it is comfortable.",
            (_A0, _A2, _A4),
        ),
        "pain.watch_today": Text(
            "Pain noted {ago}. Note how it is today, and keep moving gently as far as it is "
            "comfortable.",
            (_A0, _A2, _A4),
        ),
        "pain.watch_noted": Text(
            "Pain noted {ago}, two days after it began: keep moving gently as far as it is "
            "comfortable, and note it again if it stays or grows.",
            (_A0, _A2, _A4),
        ),
        "pain.physiotherapist_lasting": Text(
            "You have noted pain for more than 48 hours. A physiotherapist can find out what "
            "helps.",
            (_A0,),
        ),
        "pain.physiotherapist_worse": Text(
            "The pain you noted is {points:#point} more than when it began. A physiotherapist can "
            "find out what helps.",
            (_A0, _FARRAR),
        ),
        "pain.specialist_soon": Text(
            "You have noted pain for {days:#day}. Two weeks are a good time to see a specialist.",
            (_A3, _A4),
        ),
        "pain.specialist_now": Text(
            "You have noted pain for {days:#day}. After three weeks, please see a specialist.",
            (_A3, _A4),
        ),
        "pain.specialist_rise": Text(
            "Pain rose by 2 points or more in {runs:.0f} of your last {of:.0f} runs. A specialist "
            "can find out why.",
            (_A3, _FARRAR),
        ),
        "pain.specialist_steady": Text(
            "Pain of 3 or more after {runs:.0f} of your last {of:.0f} runs: pain that is steady "
            "after running is for a specialist to look at.",
            (_A2, _A3),
        ),
        "pain.activity": Text(
            "{activity} came with pain in {notes:.0f} of your last {of:.0f} notes that name an "
            "activity: try less of it for a week, and tell your physiotherapist.",
            (_A2,),
        ),
        "pain.light_none": Text("No pain: go on.", (_THOMEE,)),
        "pain.light_go": Text(
            "Pain of {level:.0f}: within 0 to 3, you may go on.",
            (_THOMEE,),
            "Say so when it grows.",
        ),
        "pain.light_change": Text(
            "Pain of {level:.0f}: change something now.",
            (_THOMEE, _A0, _A4),
            "Slow down or walk for two minutes, take shorter steps, look for softer or flatter "
            "ground, and rate it again after that.",
        ),
        "pain.light_stop": Text("Pain of {level:.0f}: stop this run.", (_THOMEE, _A1), _STOPPING),
        "pain.light_stop_rising": Text(
            "Pain has risen to {level:.0f} within this run: stop this run.",
            (_THOMEE, _A1),
            _STOPPING,
        ),
        "pain.light_stop_stopped": Text(
            "Pain of {level:.0f} now: it was more in this run, so leave it at walking today.",
            (_THOMEE, _A1),
            _STOPPING,
        ),
        "pain.light_stop_warned": Text(
            "Pain of {level:.0f}: do not run while one of the signs for a doctor is there.",
            (_A2, _FINUCANE),
        ),
        "pain.light_go_after": Text(
            "Pain of {level:.0f} with this run: within 0 to 3.",
            (_THOMEE,),
            "Rate it again tomorrow morning.",
        ),
        "pain.light_change_before": Text(
            "Pain of {level:.0f}: make the next run a walk, or an easy one that is shorter and "
            "softer than planned, and rate it again after five minutes.",
            (_THOMEE, _A0),
        ),
        "pain.light_stop_before": Text(
            "Pain of {level:.0f}: leave the run for another day. A gentle walk, as far as it is "
            "comfortable, is better than lying down.",
            (_THOMEE, _A1),
        ),
        "pain.light_change_after": Text(
            "Pain of {level:.0f} with this run: make the next one shorter and easier, and leave a "
            "day in between. Rate it again tomorrow morning.",
            (_THOMEE, _A0),
        ),
        "pain.light_change_eased": Text(
            "Pain of {level:.0f} now, and up to {most:.0f} with this run: make the next one "
            "shorter and easier, and leave a day in between. Rate it again tomorrow morning.",
            (_THOMEE, _A0),
        ),
        "pain.light_stop_after": Text(
            "Pain of {level:.0f} with this run: no run until it is 3 or less again. Move gently "
            "as far as it is comfortable, and rate it again tomorrow morning.",
            (_THOMEE, _A1),
        ),
        "pain.softer_ground": Text(
            "Your last run came with pain and was on {surface}: try the next one on a treadmill, "
            "grass or a trail, which are softer.",
            (_A0, _A1, _A2),
        ),
        "pain.again": Text("How is the pain now, from 0 to 10?", (_THOMEE,)),
        "pain.held_easy": Text(
            "You rated your pain {level:.0f}, {ago}. No training is suggested until you have "
            "rated it 3 or less: walk, or run easily, shorter and softer than you had planned.",
            (_THOMEE, _A0),
        ),
        "pain.held": Text(
            "You rated your pain {level:.0f}, {ago}. No training is suggested until you have "
            "rated it 3 or less: walk, or leave the run for another day.",
            (_THOMEE, _A1),
        ),
        "pain.unanswered": Text(
            "The questions about signs for a doctor are not answered yet. No training is "
            "suggested until they are.",
            (_FINUCANE,),
        ),
        "pain.ratings_lost": Text(
            "The journal had to be begun anew, and ratings of your pain may be missing. No "
            "training is suggested until you have rated it anew.",
        ),
        "pain.check": Text(
            "Pain of {level:.0f} is worth a few questions about signs that belong into a doctor's "
            "hands.",
            (_FINUCANE,),
        ),
        "pain.check_pattern": Text(
            "Pain that lasts or grows is worth a few questions about signs that belong into a "
            "doctor's hands.",
            (_FINUCANE,),
        ),
        "pain.ask": Text("How is your back, from 0 (no pain) to 10? Your last run ended {ago}."),
        "pain.heat_or_cold": Text(
            "For the first two days cold or heat, whichever eases it, 15 to 20 minutes with a "
            "cloth in between; and no more than two days of lying down.",
            (_A1,),
        ),
        # ------------------------------------------------------------------ red flags
        "red_flags.introduction": Text(
            "A few questions about signs that belong into a doctor's hands. The sensor cannot see "
            "them."
        ),
        "red_flags.sciatica": Text("Does pain shoot down a leg, below the knee?", (_A2,)),
        "red_flags.weakness": Text("Is a leg weaker than it was?", (_A2,)),
        "red_flags.numbness": Text("Is a part of a leg or foot numb or tingling?", (_A2,)),
        "red_flags.foot_drop": Text(
            "Does a foot drag or slap, or is it hard to lift its front?", (_A2,)
        ),
        "red_flags.saddle": Text("Is the skin between your legs numb?", (_FINUCANE,)),
        "red_flags.bladder": Text(
            "Has passing or holding water or stool changed since the back pain?", (_FINUCANE,)
        ),
        "red_flags.accident": Text("Did the pain begin with a fall or an accident?", (_FINUCANE,)),
        "red_flags.unwell": Text(
            "Do you have fever, feel ill, or lose weight without knowing why?", (_FINUCANE,)
        ),
        "red_flags.because_sciatica": Text("pain shoots down a leg, below the knee"),
        "red_flags.because_weakness": Text("a leg is weaker than it was"),
        "red_flags.because_numbness": Text("a part of a leg or foot is numb or tingling"),
        "red_flags.because_foot_drop": Text("a foot drags or is hard to lift"),
        "red_flags.because_saddle": Text("the skin between your legs is numb"),
        "red_flags.because_bladder": Text("passing or holding water or stool has changed"),
        "red_flags.because_accident": Text("the pain began with a fall or an accident"),
        "red_flags.because_unwell": Text("you have fever, feel ill, or lose weight"),
        "red_flags.because_unknown": Text("one of your answers was yes"),
        "red_flags.emergency": Text(
            "Stop running and go to an emergency department now, because {reason}.",
            (_A2, _FINUCANE),
            f"This is not to wait for an appointment. {_COACHING_OFF}",
        ),
        "red_flags.urgent": Text(
            "Stop running, seek medical care today, because {reason}.",
            (_A2, _FINUCANE),
            _COACHING_OFF,
        ),
        "red_flags.stop": Text(
            "Stop running, seek medical care, because {reason}.",
            (_A2, _FINUCANE),
            _COACHING_OFF,
        ),
        "red_flags.leg": Text(
            "Do not run on, because pain shoots below the knee: walk home if you are out, and "
            "show it to a physician in the next days.",
            (_A2,),
            "Nothing is suggested until you have answered these questions again without a yes.",
        ),
        "red_flags.clear": Text("None of these signs."),
        "red_flags.goes_on": Text("Coaching goes on."),
        "red_flags.cleared_question": Text(
            "Has a doctor or physiotherapist said that you may run again?", (_OWN,)
        ),
        "red_flags.still_stopped": Text(
            "Coaching stays off until a doctor or physiotherapist has said that you may run again.",
            (_A2,),
        ),
        # ------------------------------------------------------------------ return to running
        "return.rest": Text(
            "Day {day:.0f} of about {days:.0f} without running. Walking is welcome.", (_A3, _A4)
        ),
        "return.gentle": Text(
            "Two days of rest have passed: gentle activity, such as a walk, does a back more good "
            "than more rest.",
            (_A1, _A4),
        ),
        "return.resting_run": Text(
            "Day {day:.0f} of about {days:.0f} without running: make this a walk, or leave it for "
            "another day.",
            (_A3, _A4),
        ),
        "return.ran_resting": Text(
            "This run fell on day {day:.0f} of about {days:.0f} without running: take the rest "
            "that is left as walks.",
            (_A3, _A4),
        ),
        "return.on_hold": Text(
            "Your return to running waits until training is suggested again.", (_OWN,)
        ),
        "return.other_surface": Text(
            "Stage {stage:.0f} of 3 is for the {place}, and this run is on {surface}: the {place} "
            "is softer and ends where you want it to.",
            (_A0,),
        ),
        "return.treadmill": Text(
            "Stage 1 of 3: treadmill, run and walk in turn, at most {percent:.0f} % of your usual "
            "intensity.",
            (_A0, _OWN),
        ),
        "return.track": Text(
            "Stage 2 of 3: track, jog the straights and walk the bends, at most {percent:.0f} % of "
            "your usual intensity.",
            (_A0, _OWN),
        ),
        "return.usual": Text(
            "Stage 3 of 3: your usual route, at most {percent:.0f} % of your usual intensity.",
            (_A0, _OWN),
        ),
        "return.finished": Text("The return is complete: run as usual.", (_A0,)),
        "return.advanced": Text("Two sessions without pain: on to the next stage.", (_A0,)),
        "return.went_back": Text(
            "Pain with the last session: back by one stage, until two sessions are free of pain.",
            (_A0,),
        ),
        "return.began_anew": Text(
            "Pain with the last session: this stage begins anew, until two sessions are free of "
            "pain.",
            (_A0,),
        ),
        "return.waiting": Text(
            "Note how your back is right after the session and 24 hours later; it counts only "
            "then.",
            (_A2,),
        ),
        "return.ceiling": Text(
            "A little easier: this stage stays below {percent:.0f} % of your usual intensity, so "
            "that you can talk in whole sentences.",
            (_A3, _GARBER, _OWN),
        ),
        # ------------------------------------------------------------------ intervals, bends
        "intervals.warm_up": Text("Walk for {seconds:#second} to begin.", (_A0, _A1)),
        "intervals.run": Text("Jog for {seconds:#second}.", (_A0,)),
        "intervals.walk": Text("Walk for {seconds:#second}.", (_A0,)),
        "intervals.done": Text("Intervals done. Walk until you have cooled down.", (_A0, _A1)),
        "intervals.still_running": Text("These seconds are for walking: walk now.", (_A0,)),
        "intervals.kept": Text(
            "Run and walk as planned: {jogged:.0f} of {runs:#jog} jogged, {walked:.0f} of "
            "{walks:#walk} walked.",
            (_A0,),
        ),
        "intervals.not_kept": Text(
            "Run and walk: {jogged:.0f} of {runs:#jog} jogged, {walked:.0f} of {walks:#walk} "
            "walked. The walks are a part of the plan: take all of them next "
            "time.",
            (_A0,),
        ),
        "bends.turn_round": Text(
            "{bends:.0f} bends to the {side} in a row: turn round, and run the other way.", (_OWN,)
        ),
        "bends.one_sided": Text(
            "All {bends:.0f} bends went to the {side}: next time run half of them the other way "
            "round.",
            (_OWN,),
        ),
        "bends.walk": Text("Bend: walk.", (_A0,)),
        "bends.jog": Text("Straight: jog.", (_A0,)),
        # ------------------------------------------------------------------ strength, stretching
        "strength.done": Text(
            "Strength this week: {days:#day}, as many as you wanted. Well done.", (_A0, _A1)
        ),
        "strength.due": Text(
            "Strength this week: {days:.0f} of {target:#day} so far; today would suit. "
            f"{_WHY_STRENGTH}",
            (_A0, _A1, _A4),
        ),
        "strength.wait": Text(
            "You did strength training yesterday or today: leave a day in between.", (_A0, _A1)
        ),
        "strength.open": Text(
            f"Strength this week: {{days:.0f}} of {{target:#day}} so far. {_WHY_STRENGTH}",
            (_A0, _A1, _A4),
        ),
        "strength.late": Text(
            "Strength this week: {days:.0f} of {target:#day}. With a day in between, not all of "
            "them fit in before Sunday is over; next week, begin a little earlier. "
            f"{_WHY_STRENGTH}",
            (_A0, _A1, _A4),
        ),
        "stretch.due": Text(
            "Hamstring stretches today: {done:.0f} of {target:.0f}. A good moment for one.",
            (_A0, _A2),
        ),
        "stretch.hold": Text("{side}: hold for {seconds:#second}, without bouncing.", (_A1,)),
        "stretch.change": Text("Let go. Change over.", (_A1,)),
        "stretch.done": Text("Stretching done.", (_A1,)),
        "stretch.left": Text("Left"),
        "stretch.right": Text("Right"),
        # ------------------------------------------------------------------ desk, twisting
        "desk.nudge": Text(
            "{minutes:#minute} without a change: stand up, sit down, or walk a few steps.",
            (_A1,),
        ),
        "desk.nudge_gentle": Text(
            "{minutes:#minute} without a change: change how you sit or stand, as far as it is "
            "comfortable.",
            (_A1,),
        ),
        "desk.habit": Text(
            "Sitting or standing: change your position after ten minutes, and walk a few steps "
            "when you can. The sensor can watch that: choose it on the page of today, for the "
            "desk.",
            (_A1,),
        ),
        "twisting.habit": Text(
            "Turning: move your feet along instead of twisting your back, above all with something "
            "in your hands.",
            (_A4,),
        ),
        "twisting.note": Text(
            "A quick twist, faster than nearly all of your usual movement. Turn with the feet "
            "where you can.",
            (_A4,),
        ),
        "twisting.unseen": Text(
            "This sensor has no gyroscope: quick twists cannot be seen with it.", (_A4,)
        ),
        # ------------------------------------------------------------------ shoes
        "shoes.first": Text(
            "{name} have {distance}: between 300 and 500 miles the cushioning of many shoes fades. "
            "Keep an eye on them.",
            (_A0, _A1, _A2),
        ),
        "shoes.second": Text(
            "{name} have {distance}, past 500 miles: a new pair is due by the usual rule.",
            (_A0, _A1, _A2),
        ),
        "words.posture": Text(
            "Run tall: look ahead and not down, shoulders low, arms loose. The sensor sees your "
            "pelvis, and none of that.",
            (_A1, _A4),
        ),
        "words.shoe_fit": Text(
            "A shoe fits with a thumb's width before the toes, a heel that does not slip, and no "
            "place that presses; try it in the evening, on the surface that you run on.",
            (_A0,),
        ),
        # ------------------------------------------------------------------ comparisons
        "compare.too_few": Text(
            "A comparison needs three runs each: {first} has {first_runs:.0f}, {second} has "
            "{second_runs:.0f}.",
            (_OWN,),
        ),
        "compare.relative": Text(
            "{indicator}: {second} against {first}, median {change:+.1f} %; higher in {higher:.0f} "
            "of {pairs:.0f} pairs."
        ),
        "compare.absolute": Text(
            "{indicator}: {second} against {first}, median {change:+.1f} {unit}; higher in "
            "{higher:.0f} of {pairs:.0f} pairs."
        ),
        "compare.limits": Text(
            "Speed, fatigue and the day differ between runs too; a few pairs show a tendency, "
            "not a cause.",
            (_OWN,),
        ),
        "compare.next_day_pain": Text("pain the day after"),
        # ------------------------------------------------------------------ metronome
        "metronome.target": Text(
            "{target:.0f} steps a minute, {percent:.0f} % quicker than your usual {usual:.0f}, at "
            "the same speed.",
            (_HEIDERSCHEIT, _RODACKI),
        ),
    }
)
