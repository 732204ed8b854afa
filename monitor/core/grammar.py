"""How a sentence stands to what it tells, and who says so: read off its words. English news prose."""

from __future__ import annotations

import re

from monitor.core.ladder import Phase
from monitor.core.types import Speaker, Stance


def _words(*patterns: str) -> re.Pattern[str]:
    return re.compile(r"(?<![\w-])(?:" + "|".join(patterns) + r")(?![\w-])", re.I)


_DENIED = _words(
    r"den(?:y|ies|ied|ying)(?! (?:entry|boarding|bail|access))",
    r"refut(?:e|es|ed|ing)",
    r"no truth (?:in|to)",
    r"(?:is|was|are|were) (?:simply )?(?:not true|untrue|false|baseless|unfounded|fabricated)",
    r"(?:there (?:is|was|has been)|we have) no (?:deal|agreement|accord|pact|decision|plan|plans|settlement|truce)",
    r"(?:is|was) not an? (?:\w+ ){0,2}(?:deal|withdrawal|agreement|truce|merger|settlement|strike|ceasefire|takeover|retreat)",
    r"(?:has|have|had) not (?:been |yet )?(?:\w+ed|made|struck|begun|taken|given|reached|met)",
    r"did not (?:sign|agree|approve|accept|withdraw|reach|adopt|ratify|take)",
    r"contradict(?:s|ed)",
)
#: The thing that a sentence says is not so, or not there: `this is not a withdrawal`, `there is no deal`.
_DENIED_THING = _words(
    r"(?:is|was) not an? (?:\w+ ){0,2}(?P<not>deal|withdrawal|agreement|truce|merger|settlement|strike|ceasefire|takeover|retreat)",
    r"there (?:is|was|has been) no (?P<no>deal|agreement|accord|pact|decision|settlement|truce)",
)
_CONDITIONAL = _words(
    r"could",
    # The verb, not the month: `in May`, `3 May`, `May 3` and a closing `May` are dates.
    r"(?<!\d )(?<!in )(?<!of )(?<!by )(?<!since )(?<!until )(?<!from )(?<!before )(?<!after )(?<!early )(?<!late )(?<!mid-)(?<!last )(?<!next )may(?= [a-z])",
    r"might",
    r"would(?! not say)",
    r"if",
    r"unless",
    r"threaten(?:s|ed|ing)?",
    r"provided(?: that)?",
    r"in the event",
    r"depend(?:s|ed|ing)? on",
    r"hing(?:e|es|ed) on",
    r"conditional",
    r"warn(?:s|ed)? (?:it|they|he|she|that)",
    r"possible|possibly|potential|potentially",
    r"weigh(?:s|ing)?",
    r"mull(?:s|ing)?",
    r"mooted",
    r"should",
    r"ponder(?:s|ing)?",
)
#: To threaten a suit or a veto is to contest.
_THREAT = _words(r"threaten(?:s|ed|ing)?")
_EXPECTED = _words(
    r"will(?! not say)",
    r"shall",
    r"(?:is|are|was|were) (?:now )?(?:due|expected|set|likely|poised|ready|about|scheduled|slated|hoping|planning|preparing|close|going) (?:to|on|for)",
    r"expect(?:s|ed|ing)?",
    r"hop(?:e|es|ed|ing)",
    r"plan(?:s|ned|ning)? to",
    r"aim(?:s|ed|ing)? (?:to|for|at)",
    r"seek(?:s|ing)? to",
    r"intend(?:s|ed)? to",
    r"likely",
    r"near(?:s|ing|ed)? (?:an?|the|to|agreement|deal|accord|end|breakthrough|settlement|completion|final)",
    r"clos(?:e|er|ing|es) (?:in on|to an?|to the|to \w+ing)",
    r"on the (?:verge|brink|cusp|eve|point|threshold) of",
    r"(?:is|are|was|were|has|have) yet to",
    r"not yet",
    r"still (?:has|have|needs?|must|requires?|awaits?)",
    r"await(?:s|ing|ed)?",
    r"imminent|imminently",
    r"upcoming|forthcoming",
    r"prepar(?:e|es|ing) (?:to|for)",
    r"optimistic|hopeful|confident",
    r"tipped|eyeing|eyes",
    r"pledg(?:e|es|ed) to|vow(?:s|ed)? to|promis(?:e|es|ed) to",
    r"within (?:days|weeks|hours)",
    r"in the (?:coming|next) (?:days|weeks|months)",
)
#: The first `to` of a headline, with the word before and the word after: `Mexico to sign loan`.
_FIRST_TO = re.compile(r"(?:([\w.'’>)-]+) )?\bto (?:be )?([\w'’-]{3,})", re.I)
#: Before it, these make no future of it: verbs and nouns that take `to` (`agrees to sell`, `bid to buy`, `put off to March`).
_TAKES_TO = re.compile(
    r"(?:(?:agree|offer|ask|call|urge|vow|vote|move|return|start|begin|fail|refuse|decline|order|force|bid|appeal|object|delay|shift|push|apply|"
    r"applie|goe|come|slip|plan|bill|talk|seek|sue|challenge|decide|continue|try|trie|work)(?:s|d|ed)?|"
    r"no|yes|back|off|over|go|up|down|still|not|according|subject|told|put|adjourned|deferred|deal|pact|accord|efforts?|sale|plea|merger|"
    r"decision|switch|road|right)",
    re.I,
)
#: After it, these are no step to come: what ends a dispute, and words that are no verb.
_NO_STEP = re.compile(
    r"end|halt|settle|avert|avoid|resolve|stop|cut|ease|help|save|curb|court|power|work|talks|"
    r"january|february|march|april|may|june|july|august|september|october|november|december|spring|summer|autumn|winter|"
    r"the|its|his|her|their|new|next|former|second|joint",
    re.I,
)
#: Past perfect: background in an outlet's own voice, but only reported speech in `said it had completed the purchase`.
_PAST_PERFECT = _words(r"had (?:been )?\w+(?:ed|en|un|ne|ght|de|ld|ck)")
_BACKGROUND = _words(
    r"had (?:already|earlier|previously|once) (?:been )?\w+(?:ed|en|un|ne|ght|de|ld|ck)",
    r"(?:last|previous|past) (?:year|month|week|spring|summer|autumn|fall|winter|january|february|march|april|may|june|july|august|september|october|november|december|decade)",
    r"(?:years?|months?|weeks?|decades?) (?:ago|earlier|before|after)",
    r"earlier (?:this|in the) (?:year|month|week)",
    r"(?:in|since|until|from|back in|between|during) (?:early |late |mid-)?(?:january |february |march |april |may |june |july |august |september |october |november |december )?(?:of )?(?:1[89]|20)\d\d",
    r"(?:in|since|last) (?:january|february|march|april|june|july|august|september|october|november|december)",
    r"since (?:then|\w+ (?:began|started|broke))",
    r"originally|initially|previously|formerly|historically|history",
    r"used to",
    r"comes? (?:\w+ )?(?:after|days|weeks|months|years)",
    r"(?:those|the|these) (?:talks|negotiations) (?:began|started|were initiated|followed)",
    r"followed|following (?:months|weeks|years)",
    r"dat(?:es|ing) (?:back )?(?:to|from)",
    r"anniversary",
    r"recall(?:s|ed|ing)",
)
_ANNOUNCING = _words(
    r"announc(?:e|es|ed|ing)",
    r"joint (?:statement|declaration|communiqu[eé])",
    r"communiqu[eé]",
    r"declar(?:e|es|ed)",
    r"unveil(?:s|ed)?",
    r"said in a (?:joint )?statement",
    r"decree(?:d|s)?",
    r"proclaim(?:s|ed)?",
    r"set (?:a|the) date",
)
#: An announcement that is still to come is no announcement: `will announce`, `to be unveiled`, `when to announce it`.
_TO_ANNOUNCE = _words(
    r"(?:will|shall|would|could|may|might|should|to|not)(?: (?:be|soon|now|jointly|formally|officially))* (?:announced?|declared?|unveil(?:ed)?|proclaim(?:ed)?)"
)
_ATTRIBUTION = _words(
    r"sa(?:id|ys|ying)",
    r"told",
    r"according to",
    r"report(?:s|ed|edly)?",
    r"confirm(?:s|ed)?",
    r"stated|(?<!united )states",  # The United States states nothing by its name.
    r"quoted?|quoting|cit(?:ed|ing|es)",
    r"sources?",
    r"spokes(?:man|woman|person)",
    r"claim(?:s|ed)?",
    r"added",
    r"wrote",
    r"announc(?:ed|es|ing)",
    r"disclosed",
)
_DASH_SOURCE = re.compile(r"\s[-–—]\s[A-Z\w'’. ]{2,40}$")
_UNNAMED = _words(
    r"sources?",
    r"(?:people|persons?|officials?|diplomats?|bankers?|traders?|delegates?|insiders?|analysts?) (?:familiar|close|briefed|who (?:declined|asked|spoke)|said)",
    r"unnamed|unidentified|anonymous(?:ly)?|on condition of anonymity",
    r"reportedly|reports?|rumou?r(?:s|ed)?",
    r"is understood",
    r"(?:a|one|another|the) (?:senior )?(?:[\w.]+ ){0,3}(?:official|diplomat|source|figure)(?! (?:statement|announcement|visit))",
)
_OFFICIAL = _words(
    r"minist(?:er|ry|ers)|president|government|governor|secretary|commission(?:er)?|department|court|judge|parliament|senate|congress|council|"
    r"authority|regulator|central bank|white house|kremlin|downing street|ambassador|mayor|chancellor|agency|board|treasury|"
    r"prosecutors?|police|army|military|navy|u\.?n\.?|official"
)


#: Where a main clause ends and a relative or trailing one begins, whose mood is not the sentence's: `have opened talks, aiming to ...`.
_TRAILING = re.compile(r",? (?:which|who|whose|where|aiming|including|while|but|although|though|despite|amid)\b", re.I)


def main_clause(sentence: str) -> str:
    """Return a sentence without its trailing clauses; one that opens with such a clause is returned whole."""
    cut = _TRAILING.search(sentence, 25)
    return sentence[: cut.start()] if cut else sentence


def _is_headline_future(headline: str) -> bool:
    found = _FIRST_TO.search(headline)
    return found is not None and not _TAKES_TO.fullmatch(found[1] or "") and not _NO_STEP.fullmatch(found[2])


def stance_of(sentence: str, phase: Phase | None = None, *, is_headline: bool = False) -> Stance:
    """Read how a sentence stands to the step that it tells.

    `phase` is that step where it is known: an announcement speaks of the future by its nature, and to deny or to threaten a suit is a step
    of its own. Order: denial, condition, expectation, background, attribution; what none of them marks is asserted.
    """
    attributed = bool(_ATTRIBUTION.search(sentence) or _DASH_SOURCE.search(sentence))
    sentence = main_clause(sentence)
    if phase is not Phase.DENIED and _DENIED.search(sentence):
        return Stance.DENIED
    announces_later = phase is Phase.ANNOUNCED and bool(_TO_ANNOUNCE.search(sentence))
    announces = phase is Phase.ANNOUNCED and not announces_later and (is_headline or _ANNOUNCING.search(sentence))
    if not announces:
        hedged = _THREAT.sub("", sentence) if phase is Phase.CONTESTED else sentence
        if _CONDITIONAL.search(hedged):
            return Stance.CONDITIONAL
        if announces_later or _EXPECTED.search(sentence) or (is_headline and _is_headline_future(sentence)):
            return Stance.EXPECTED
    if not is_headline and (_BACKGROUND.search(sentence) or (not attributed and _PAST_PERFECT.search(sentence))):
        return Stance.BACKGROUND
    return Stance.ATTRIBUTED if attributed else Stance.ASSERTED


#: By which words a stance is read; what is asserted or attributed is read by the absence of all of them.
_STANCE_WORDS = {Stance.DENIED: _DENIED, Stance.CONDITIONAL: _CONDITIONAL, Stance.EXPECTED: _EXPECTED, Stance.BACKGROUND: _BACKGROUND}


def stance_spans(sentence: str, stance: Stance, *, is_headline: bool = False) -> list[tuple[int, int]]:
    """Return where the words stand by which `stance_of` reads a stance, in order; none where it is read off their absence."""
    head = main_clause(sentence)
    pattern = _STANCE_WORDS.get(stance)
    found = [match.span() for match in pattern.finditer(head)] if pattern else []
    if not found and stance is Stance.EXPECTED and is_headline and _is_headline_future(head):
        # The `to` of `Mexico to sign loan`, without the words around it.
        found = [match.span() for match in re.finditer(r"\bto\b", head, re.I)][:1]
    return found


def denied_thing(sentence: str) -> str:
    """Return what a sentence says is not so, by its noun: `withdrawal` of `this is not a withdrawal`; empty where it names none."""
    found = _DENIED_THING.search(main_clause(sentence))
    return (found["not"] or found["no"]).lower() if found else ""


def speaker_of(sentence: str) -> Speaker:
    """Read who vouches for a sentence: unnamed voices, an official body, a party on the record, or the outlet itself."""
    if _UNNAMED.search(sentence):
        return Speaker.UNNAMED
    if _ATTRIBUTION.search(sentence) or _DASH_SOURCE.search(sentence):
        return Speaker.OFFICIAL if _OFFICIAL.search(sentence) else Speaker.PARTY
    return Speaker.OUTLET
