"""Which words of a deciding sentence carry its step, and which tell how it stands to it. English news prose.

The status reader weighs a sentence as a whole; these words are for people, who want to see at a glance which words speak for the step. They
were chosen on one half of the reader's labelled sentences; on the other half they stand in 64 of 100 sentences that tell of a step, and of
104 marked ones read by hand, one or two marks were beside the point. A sentence with none of them gets no mark: a wrong one would lend it a
reason that it has not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from monitor.core.grammar import main_clause, stance_spans
from monitor.core.ladder import Phase
from monitor.core.types import Stance


class Role(StrEnum):
    """What a marked word does in its sentence."""

    STEP = "step"  #: it names the step: `signed`
    TOLD = "told"  #: it says how the sentence stands to the step: `not`, `will`, `denied`


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a sentence; the pieces of one, joined, are the sentence again."""

    text: str
    role: Role | None = None
    #: Whether the sentence that it is compared with names its step by the same word.
    is_shared: bool = False


#: An article, a possessive, a small adverb: what may stand between the two halves of a cue.
_GAP = r"(?: (?:the|an?|its|his|her|their|this|formally|finally|unanimously|jointly|all|both|any|\d+))?"
_CUES: dict[Phase, tuple[str, ...]] = {
    Phase.PROPOSED: (
        r"propos(?:e|es|ed|ing|al|als)",
        r"offer(?:s|ed|ing)?",
        r"suggest(?:s|ed|ing)?",
        r"urg(?:e|es|ed|ing)",
        r"(?:call|calls|called|calling) (?:for|on)",
        r"(?:ask|asks|asked|asking)(?: \w+){0,3} (?:for|to)|asks?",
        r"(?:put|puts|putting)(?: \w+){0,4} forward",
        r"seek|seeks|sought|seeking",
        r"float(?:s|ed)?|mooted|tabl(?:es|ed)|to table",
        r"bids? (?:for|to)|bidding for|plead(?:s|ed)? for|makes? (?:an? )?(?:\w+ )?bid",
        r"invit(?:es|ed)|demand(?:s|ed)?|appl(?:ies|ied) (?:for|to)|petition(?:s|ed)?|wants?",
    ),
    Phase.TALKS: (
        r"talks?|talking",
        r"discuss(?:es|ed|ing|ions?)?",
        r"negotiat(?:e|es|ed|ing|ions?|ors?)",
        r"meet|meets|met|meeting",
        r"resum(?:e|es|ed|ing)",
        r"review(?:s|ed|ing)?|examin(?:e|es|ed|ing)|hearings?|consultations?|consult(?:s|ed|ing)?",
        r"(?:sit|sits|sat|sitting)(?: back)? down|back at the table|at the table|to the table",
        r"bargaining|haggl(?:e|es|ed|ing)|conven(?:e|es|ed)|mediation|hears|heard",
        r"(?:second|third|fourth|fifth|first|new|final) round",
    ),
    Phase.AGREED_IN_PRINCIPLE: (
        r"agree(?:s|d)?(?: \w+)? in (?:principle|outline)|in principle|in outline",
        r"broadly agreed|agree|agrees|agreed|agreement",
        r"(?:reach|reaches|reached|struck|strike|clinch|clinched|found|find)"
        + _GAP
        + r"(?: \w+){0,2} (?:deal|agreement|accord|pact|compromise|understanding|terms|settlement|truce)",
        r"(?:deal|agreement|accord|pact|compromise|understanding|settlement|truce)(?: (?:has|had|have))?(?: been)? reached",
        r"(?:come|comes|came) to terms|settl(?:e|es|ed)(?: on)?",
        r"tentative|preliminary|provisional|outline|framework|compromise|understanding",
        r"initial+(?:s|ed|led)|hand-?shake|(?:shake|shook|shaken|shakes) hands",
        r"recommend(?:s|ed)?|endors(?:e|es|ed)|back(?:s|ed)|blessing|nod|accept(?:s|ed)?|clears",
        r"close to (?:an? |the )?(?:deal|agreement|accord|pact)|letter of intent|common ground",
    ),
    Phase.ANNOUNCED: (
        r"announc(?:e|es|ed|ing|ement)",
        r"joint (?:statement|declaration|communiqu[eé])|communiqu[eé]|statement|declaration",
        r"unveil(?:s|ed|ing)?|declar(?:e|es|ed)|proclaim(?:s|ed)?",
        r"(?:sets?|fix(?:es|ed)?|names?|named)" + _GAP + r"(?: \w+)? (?:date|day)|date (?:for|of)|(?:is|are|been) (?:set|fixed) for",
        r"(?:made|makes?|making)(?: \w+){0,3} (?:public|official|known)|publish(?:es|ed)?|presents?|presented|formal offer",
    ),
    Phase.ADOPTED: (
        r"signed|signs?|signing|signatures?",
        r"ratif(?:y|ies|ied|ication)",
        r"adopt(?:s|ed|ing|ion)?",
        r"approv(?:e|es|ed|al)",
        r"pass|passes|passed",
        r"vot(?:e|es|ed|ing)(?: \w+)? (?:for|to|through|in favour)|voted?|votes",
        r"enact(?:s|ed)?|into law|decree(?:d|s)?|gave(?: \w+)? assent|in favour",
        r"(?:says?|said|saying) yes|definitive|seal(?:s|ed)|put (?:its|his|her|their) names?",
    ),
    Phase.IN_EFFECT: (
        r"(?:take|takes|took|taken|taking) (?:effect|hold)|(?:come|comes|came|enter|enters|entered)(?: \w+)? (?:in)?to (?:force|effect)|in(?:to)? (?:force|effect)",
        r"beg(?:in|ins|an|un|inning)|start(?:s|ed|ing)?",
        r"appl(?:y|ies) from|kick(?:s|ed)? in|bites?|under way|up and running|for (?:the )?first time",
        r"impos(?:e|es|ed)|enforc(?:e|es|ed|ing)|implement(?:s|ed|ing)?|launch(?:es|ed)|carrying out",
        r"walk(?:s|ed) out|on strike",
    ),
    Phase.COMPLETED: (
        r"complet(?:e|es|ed|ing|ion)",
        r"finish(?:es|ed)?|finali[sz](?:es|ed)",
        r"wrap(?:s|ped)? up|wound up|conclud(?:e|es|ed)|clos(?:es|ed)|end(?:s|ed)|is over",
        r"(?:the |its |their )?(?:last|final) (?!year|month|week|night|spring|summer|autumn|fall|winter|quarter|time|say|word|[A-Z][a-z]+day)(?:of )?(?:the )?[\w-]+",
        r"carried out|fulfilled|hand(?:s|ed) over|handover|done",
    ),
    Phase.POSTPONED: (
        r"postpon(?:e|es|ed|ing|ement)|defer(?:s|red)?|delay(?:s|ed|ing)?|adjourn(?:s|ed)?|reschedul(?:e|es|ed)",
        r"(?:put|puts|putting|push|pushes|pushed|moved|shifted)(?: \w+){0,4} (?:off|back)|held (?:over|back)|rolled over",
        r"(?:moved|shifted|slips?|slipped) (?:to|into|by)|slips?|slipped|until after|wait until|later than planned",
    ),
    Phase.STALLED: (
        r"stall(?:s|ed)?|deadlock(?:ed)?|impasse|stalemate|standstill|limbo|stuck|bogged(?: down)?",
        r"froz(?:e|en)|freez(?:e|es)|suspend(?:s|ed)?|halt(?:s|ed)?|paus(?:es|ed)|block(?:s|ed)|stopp(?:ed|s)|parked|held up",
        r"on (?:ice|hold)|(?:end|ends|ended|broke up|break up|adjourn\w*)(?: \w+)? without(?: an?)? (?:\w+ )?(?:deal|result|accord|agreement|progress|date)",
        r"(?:break|breaks|broke|broken) (?:off|down)|no (?:headway|progress)|nowhere|without (?:result|agreement|a deal|an accord)|with no (?:deal|result|agreement)",
    ),
    Phase.CONTESTED: (
        r"challeng(?:e|es|ed|ing)|su(?:e|es|ed|ing)|contest(?:s|ed|ing)?|oppos(?:e|es|ed|ing)|object(?:s|ed|ions?)?|resist(?:s|ed|ing)?",
        r"(?:fight|fights|fought|fighting)|protest(?:s|ed|ing)?|appeal(?:s|ed)?|lawsuit|injunction|blockade|rebel(?:s|led)?|balks?",
        r"(?:to|in) court|threat(?:en|ens|ened) to|vow(?:s|ed)? to|lodged?(?: \w+){0,3} (?:complaint|protest|appeal)|complaint|against",
    ),
    Phase.DENIED: (
        r"den(?:y|ies|ied|ying|ial)|no truth|untrue|baseless|unfounded",
        r"reject(?:s|ed|ing|ion)?|refus(?:e|es|ed|al|ing)|dismiss(?:es|ed)?|rebuff(?:s|ed)?|spurn(?:s|ed)?|rul(?:e|es|ed) out",
        r"(?:turn|turns|turned|turning)(?: \w+){0,4} down|(?:say|says|said|saying) no|there (?:is|was|were|are) no",
    ),
    Phase.COLLAPSED: (
        r"collaps(?:e|es|ed|ing)|abandon(?:s|ed|ing)?|scrap(?:s|ped)?|dropp(?:ed|ing)|drops|ditch(?:es|ed)|bur(?:y|ied)|terminat(?:e|es|ed)|cancel(?:s|led|ed)?",
        r"withdr(?:aws?|ew|awn)|fail(?:s|ed|ure)?|fall(?:s|en)? (?:apart|through)|fell (?:apart|through)|(?:is|are|was|were) (?:dead|off)|laps(?:e|es|ed)",
        r"(?:call|calls|called) off|voted down|thrown out|(?:give|gives|gave|given) up|(?:walk|walks|walked|pull|pulls|pulled) (?:away|out)|came to nothing",
    ),
    Phase.REVERSED: (
        r"revers(?:e|es|ed|al)|lift(?:s|ed)|und(?:o|oes|one|oing)|rescind(?:s|ed)?|quash(?:es|ed)?|revok(?:e|es|ed)|annul(?:s|led)?|repeal(?:s|ed)?|void(?:s|ed)",
        r"overturn(?:s|ed)?|reimpos(?:e|es|ed)|restor(?:e|es|ed)|scrap(?:s|ped)|cancel(?:s|led|ed)?|quits?|abolish(?:es|ed)|dissolv(?:es|ed)|unw(?:ind|ound)",
        r"(?:struck|strikes?) down|set aside|pull(?:s|ed)? out of|withdr(?:ew|aws|awn)",
    ),
}
_PATTERNS = {phase: re.compile(r"(?<![\w-])(?:" + "|".join(cues) + r")(?![\w-])", re.I) for phase, cues in _CUES.items()}


def pieces_of(sentence: str, phase: Phase, stance: Stance, *, is_headline: bool = False) -> tuple[Piece, ...]:
    """Cut a sentence, read as telling of `phase` with `stance`, at the words that carry both; one piece where it has none of them."""
    head = main_clause(sentence)
    pattern = _PATTERNS[phase]
    # What the main clause says goes before what hangs on it: `signed the pact, which ministers agreed in May`.
    steps = [found.span() for found in pattern.finditer(head)] or [found.span() for found in pattern.finditer(sentence)]
    told = stance_spans(sentence, stance, is_headline=is_headline)
    spans = [(start, end, Role.TOLD) for start, end in told]
    spans += [(start, end, Role.STEP) for start, end in steps if not any(start < stop and begin < end for begin, stop in told)]
    return tuple(_cut(sentence, sorted(spans)))


def _cut(sentence: str, spans: Sequence[tuple[int, int, Role]]) -> Iterator[Piece]:
    at = 0
    for start, end, role in spans:
        if start > at:
            yield Piece(sentence[at:start])
        yield Piece(sentence[start:end], role)
        at = end
    if at < len(sentence) or not spans:
        yield Piece(sentence[at:])


def compared(pieces: Sequence[Piece], others: Sequence[Piece]) -> tuple[Piece, ...]:
    """Return pieces with those step words noted that the sentence beside them has as well: what is left makes the difference."""
    known = {piece.text.casefold() for piece in others if piece.role is Role.STEP}
    return tuple(replace(piece, is_shared=piece.role is Role.STEP and piece.text.casefold() in known) for piece in pieces)


def marked_words(pieces: Sequence[Piece], role: Role) -> tuple[str, ...]:
    """Return the words of a role in the order of the sentence, each once."""
    return tuple(dict.fromkeys(piece.text for piece in pieces if piece.role is role))
