from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.grammar import denied_thing, main_clause, speaker_of, stance_of
from monitor.core.ladder import Phase
from monitor.core.text import split_sentences
from monitor.core.types import Speaker, Stance
from tests.builders import coalition_seed

SENTENCES = {
    Stance.ASSERTED: (
        "The two governments signed the treaty in Geneva on Tuesday.",
        "Parliament ratified the accord by 212 votes to 80.",
        "The company has completed its purchase of the shipyard.",
        "Workers walked out at midnight.",
        "The ceasefire took effect at dawn.",
        "Negotiators have reached a tentative agreement on wages.",
        "The court struck down the merger.",
        "The board rejected the offer as too low.",
        "Talks on the pipeline broke off without a date for another round.",
        "The cabinet approved the bill and sent it to the senate.",
        "The union and the carmaker struck a four-year deal.",
        "The envoys initialled the text on 3 May.",
        "The sides have opened talks, aiming to settle the dispute by June.",
        "The council adopted the plan, which would cut fares.",
        "The lawmakers passed the measure, although the president may veto it.",
        "The carmaker halted the line while the union weighs a strike.",
        "The parties signed the contract in May.",
        "In May the council adopted the plan.",
        "The vote was held on May 3.",
    ),
    Stance.ATTRIBUTED: (
        "The ministry said the treaty was signed on Friday.",
        "The two sides have agreed on the main points, the minister told reporters.",
        "According to the mediator, the delegations have accepted the text.",
        "The company confirmed that it has sold the mine.",
        "Talks have opened in Oslo, a spokeswoman said.",
        "The bank disclosed that it had accepted the bid.",
        "The deal was reported by the local daily.",
        "The union stated that members approved the contract.",
        "The company said it had completed the purchase.",
    ),
    Stance.EXPECTED: (
        "The two governments will sign the treaty next week.",
        "The parties are expected to announce a deal on Friday.",
        "The strike is set to begin on Monday.",
        "A signing ceremony is scheduled for June.",
        "The board is likely to accept the offer.",
        "Negotiators are close to a deal.",
        "The sides are nearing an agreement on debt.",
        "The senate has yet to vote on the bill.",
        "The accord still needs the approval of both parliaments.",
        "The company plans to close the purchase by year end.",
        "The talks are on the verge of success, the envoy said.",
        "Ministers pledged to sign the pact.",
        "The agreement awaits a final vote.",
        "The treaty is due to take effect on 1 January.",
        "The drawdown will begin in the coming weeks.",
        "The bank is close to a deal on debt.",
        "The union neared an agreement on wages.",
    ),
    Stance.CONDITIONAL: (
        "The company could sell its stake.",
        "The union may strike if talks fail.",
        "The pact would cut tariffs by half.",
        "The president might veto the bill.",
        "The truce holds only if both sides withdraw.",
        "The union threatened to strike.",
        "The carmaker is weighing a bid for its rival.",
        "The deal hinges on approval by regulators.",
        "The sale depends on the court's ruling.",
        "The loan is conditional on reforms.",
        "Unless a deal is reached, the plant closes.",
    ),
    Stance.DENIED: (
        "The ministry denied that a deal had been reached.",
        "There is no agreement, the spokesman said.",
        "The company said it has not made an offer.",
        "There is no truth in the report, he said.",
        "I just want to foot stomp the fact that this is not a withdrawal.",
        "The two sides did not sign the accord.",
        "A spokesman said the report was false.",
        "The government contradicted the account of a truce.",
        "The leaders have not yet reached a settlement.",
        "The bank refuted claims that it had accepted the bid.",
        "Officials are denying any deal.",
        "It is not a merger, the chairman said.",
    ),
    Stance.BACKGROUND: (
        "The two countries had signed a treaty in the 1990s.",
        "The strike began last year.",
        "Talks started three months ago.",
        "American troops withdrew in 2011.",
        "The coalition was formed in 2014.",
        "The bill was originally tabled by the opposition.",
        "The agreement comes after months of negotiations.",
        "The company used to own the mine.",
        "The vote followed a week of protests.",
        "The merger was first proposed in March.",
        "Those talks began after a wave of attacks.",
        "The pact dates back to the cold war.",
        "The parties had already signed in Oslo.",
    ),
}

HEADLINES = {
    Stance.ASSERTED: (
        "Union votes to end strike",
        "Mexico signs loan with banks",
        "Talks to avert strike resume",
        "MEDIATORS WORK TO END STRIKE",
        "US agrees to withdraw troops",
        "Government moves to block merger",
        "Company agrees to buy rival",
        "Firm fails to win approval",
        "Workers return to work",
        "Road to peace opens",
        "Vote put off to March",
        "Ruling sends case back to court",
    ),
    Stance.ATTRIBUTED: (
        "Deal reached - minister",
        "Talks over, says union",
    ),
    Stance.EXPECTED: (
        "Mexico to sign loan with banks",
        "MEXICO TO SIGN LOAN FRIDAY",
        "Airline set to accept bid",
        "Union to vote on contract",
        "Treaty to be signed in Geneva",
        "Deal due to close Friday",
        "Banks near accord on debt",
    ),
    Stance.CONDITIONAL: (
        "Airline may accept bid",
        "Banks could call in loan",
    ),
    Stance.DENIED: ("Ministry denies deal",),
}

SPEAKERS = {
    Speaker.UNNAMED: (
        "We have an agreement, a senior U.S. official told the outlet.",
        "The plan is broadly agreed, sources familiar with the talks said.",
        "A diplomat close to the talks said the text is ready.",
        "The deal is reportedly done.",
        "People briefed on the matter said the board met.",
        "One of them spoke on condition of anonymity.",
        "Officials said the strike was over.",
        "A senior United States official said the deal is done.",
        "The deal is close, according to rumours.",
    ),
    Speaker.OFFICIAL: (
        "The defence ministry said the mission is over.",
        "The prime minister told parliament that the accord was signed.",
        "The court said it had rejected the appeal.",
        "The White House confirmed the deal.",
        "According to the central bank, the loan was repaid.",
        "The foreign minister said the treaty was signed.",
    ),
    Speaker.PARTY: (
        "The company said it completed the purchase.",
        "The union said members voted for the contract.",
        "Smith told reporters the merger is off.",
        "Deal is off - Smith",
        "According to the two sides, talks have ended.",
        "The chairman announced the sale.",
        "The two countries said in a joint statement that the mission will end.",
    ),
    Speaker.OUTLET: (
        "The two sides signed the treaty.",
        "Workers walked out at midnight.",
        "Parliament ratified the accord.",
        "The treaty was signed in the palace.",
    ),
}


@pytest.mark.parametrize(("stance", "sentence"), [(stance, sentence) for stance, group in SENTENCES.items() for sentence in group])
def test_a_sentence_has_the_stance_of_its_words(stance: Stance, sentence: str) -> None:
    assert stance_of(sentence) is stance


@pytest.mark.parametrize(("stance", "headline"), [(stance, headline) for stance, group in HEADLINES.items() for headline in group])
def test_a_headline_has_the_stance_of_its_words(stance: Stance, headline: str) -> None:
    assert stance_of(headline, is_headline=True) is stance


@pytest.mark.parametrize(
    ("sentence", "phase", "stance"),
    [
        ("The two governments announced that troops will leave by September.", Phase.ANNOUNCED, Stance.ATTRIBUTED),
        ("A mission in Iraq will end by September 2025, the two said in a joint statement on Friday.", Phase.ANNOUNCED, Stance.ATTRIBUTED),
        ("The ministry set a date for the vote, which will be held in May.", Phase.ANNOUNCED, Stance.ASSERTED),
        ("The ministry will announce the deal next week.", Phase.ANNOUNCED, Stance.EXPECTED),
        ("An announcement is expected this month.", Phase.ANNOUNCED, Stance.EXPECTED),
        ("The company is expected to announce the sale on Friday.", Phase.ANNOUNCED, Stance.EXPECTED),
        ("The new agreement will be announced this month, several sources say.", Phase.ANNOUNCED, Stance.EXPECTED),
        ("It is now just a question of when to announce it.", Phase.ANNOUNCED, Stance.EXPECTED),
        ("The two governments announced that troops will leave by September.", Phase.ADOPTED, Stance.EXPECTED),
        ("The company denied any talks.", Phase.DENIED, Stance.ASSERTED),
        ("The company denied any talks.", Phase.TALKS, Stance.DENIED),
        ("The union threatened to sue over the plan.", Phase.CONTESTED, Stance.ASSERTED),
        ("The union threatened to walk out.", Phase.IN_EFFECT, Stance.CONDITIONAL),
    ],
)
def test_the_step_told_decides_what_a_hedge_means(sentence: str, phase: Phase, stance: Stance) -> None:
    assert stance_of(sentence, phase) is stance


@pytest.mark.parametrize(
    ("headline", "stance"),
    [
        ("US and Iraq say mission will end by 2025", Stance.ASSERTED),
        ("Ministry to announce end of mission Friday", Stance.EXPECTED),
        ("End of mission to be announced in May", Stance.EXPECTED),
    ],
)
def test_a_headline_of_an_announcement_speaks_of_the_future_unless_it_is_still_to_come(headline: str, stance: Stance) -> None:
    assert stance_of(headline, Phase.ANNOUNCED, is_headline=True) is stance


@pytest.mark.parametrize(
    ("sentence", "main"),
    [
        ("The council adopted the plan, which would cut fares.", "The council adopted the plan"),
        ("The sides have opened talks, aiming to settle by June.", "The sides have opened talks"),
        ("The carmaker halted the line while the union weighs a strike.", "The carmaker halted the line"),
        (
            "While the union weighs a strike, the carmaker halted the line.",
            "While the union weighs a strike, the carmaker halted the line.",
        ),
        ("They signed.", "They signed."),
    ],
)
def test_a_trailing_clause_has_a_mood_of_its_own(sentence: str, main: str) -> None:
    assert main_clause(sentence) == main


def test_a_speaker_in_the_trailing_clause_still_counts() -> None:
    assert stance_of("The council has adopted the plan, although nobody voted against it, a spokesman said.") is Stance.ATTRIBUTED


@pytest.mark.parametrize(("speaker", "sentence"), [(speaker, sentence) for speaker, group in SPEAKERS.items() for sentence in group])
def test_a_sentence_is_vouched_for_by_whom_it_names(speaker: Speaker, sentence: str) -> None:
    assert speaker_of(sentence) is speaker


def test_the_foot_stomp_of_the_joint_statement_denies_a_withdrawal() -> None:
    sentence = next(found.text for found in split_sentences("", coalition_seed("003").text) if "foot stomp" in found.text)
    assert sentence.endswith("this is not a withdrawal.")
    assert stance_of(sentence) is Stance.DENIED
    assert denied_thing(sentence) == "withdrawal"


@pytest.mark.parametrize(
    ("sentence", "thing"),
    [
        ("There is no deal, the minister said.", "deal"),
        ("It was not a formal agreement.", "agreement"),
        ("This is a withdrawal.", ""),
        ("The ministry denied that a deal had been reached.", ""),
        ("They have reached a deal, which is not a truce.", ""),
    ],
)
def test_what_is_said_not_to_be_is_named(sentence: str, thing: str) -> None:
    assert denied_thing(sentence) == thing


@given(st.text(max_size=200), st.none() | st.sampled_from(Phase), st.booleans())
def test_every_text_has_a_stance_and_a_speaker(text: str, phase: Phase | None, is_headline: bool) -> None:
    assert stance_of(text, phase, is_headline=is_headline) in Stance
    assert speaker_of(text) in Speaker


@given(st.sampled_from([sentence for group in SENTENCES.values() for sentence in group]))
def test_case_does_not_change_a_stance(sentence: str) -> None:
    assert stance_of(sentence.upper()) is stance_of(sentence)
