"""How strongly an English sentence is an order to a program that reads it. Every pattern has bounds."""

import re
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from functools import lru_cache


def small(sentence: str) -> str:
    """In small letters and of the same length: patterns are for these, and so compare quickly.

    Non-ASCII letters that re.IGNORECASE treats as equal to an ASCII letter become that letter.
    """
    if sentence.isascii():
        return sentence.lower()
    return sentence.replace("\u0130", "i").lower().replace("\u0131", "i").replace("\u017f", "s")


class Slow:
    """A pattern that takes long. A sentence that it matches has one of `needed` in it."""

    def __init__(self, needed: Sequence[str], pattern: str) -> None:
        self.needed, self.pattern = needed, re.compile(pattern)

    def may_match(self, lower: str) -> bool:
        return any(one in lower for one in self.needed)

    def search(self, lower: str) -> re.Match[str] | None:
        return self.pattern.search(lower) if self.may_match(lower) else None

    def finditer(self, lower: str) -> Iterable[re.Match[str]]:
        return self.pattern.finditer(lower) if self.may_match(lower) else ()

    def findall(self, lower: str) -> list[str]:
        return self.pattern.findall(lower) if self.may_match(lower) else []


# Of which a sentence must have one, as a part of a word, so that a pattern can match it.
READS = (
    "read", "process", "pars", "evaluat", "summari", "analy", "scor", "grad", "extract", "judg", "check", "classif",
    "label", "review", "annotat", "index", "crawl", "ingest",
)  # fmt: skip
OBLIGES = (
    "must", "should", "shall", "has to", "have to", "is to", "are to", "need", "required", "instructed",
    "asked", "expected", "obliged", "advised", "requested",
)  # fmt: skip
MENTIONED = (
    "mention", "named", "includ", "prais", "endors", "positive", "favo", "present", "rank", "number one", "no. 1",
    "#1", "number 1", "true",
)  # fmt: skip
AHEAD = (
    "first", "at the top", "number one", "number 1", "#1", "no. 1", "rank 1", "positively", "favo", "best",
    "above all", "top", "highly", "winner", "leading", "prominently",
)  # fmt: skip
TASKS = (
    "instruction", "task", "prompt", "directive", "order", "job", "role", "objective", "goal", "mission", "command",
    "override", "notice", "update", "note",
)  # fmt: skip
PARTS = ("now", "pretend", "act as", "role", "no longer", " mode", "jailbreak")
POINTING = (
    "above", "before", "given", "told", "preceding", "previous", "earlier", "so far", "here", "up to", "below",
    "else",
)  # fmt: skip
ENDED = (
    "void", "cancel", "obsolete", "superseded", "revoked", "overridden", "replaced by", "null", "suspended",
    "invalid", "no longer", " be ",
)  # fmt: skip
COMMANDS = (
    "command", "instruction", "order", "prompt", "directive", "message", "request", "no longer",
)  # fmt: skip
READINGS = (
    "review", "evaluation", "analysis", "reading", "processing", "assessment", "extraction", "scoring", "grading",
)  # fmt: skip
# Where an imperative may begin: with the sentence, behind a sign, or behind a word that leads to one.
LEAD = (
    r"(?:^|[^\w\s]|_|\b(?:please|must|should|shall|always|then|and|to|now|simply|just|instead|will|can"
    r"|first|so|also|hereby|immediately|kindly|or|but|only|you|need|mode|step \d|assistant|ai|model|reader|evaluator|system))\s{0,3}[*_\"'“‘(]{0,3}"
)
NEGATED = re.compile(
    r"(?:n[o']t|n’t|never|cannot|without|if you|when you|who|people|users|many|often|avoid|easy to|how to|(?:ask|tell) (?:it|chatgpt|claude|gemini) to|(?:users|people|you|they|anyone) (?:can|could|may|might) (?:ask|tell) \w{1,8} \w{1,12} to|safely)\s{0,2}(?:\w{1,12}\s)?$",
)
BEFORE = (
    r"previous|prior|above|earlier|preceding|foregoing|former|past|original|initial|system|existing|your|(?:\w{1,12} )?system'?s?|safety"
    r"|developer'?s?|pre-?existing|current|default|hidden|other"
)
WEAK = r"all|any|every|each|of|the|my|these|those|and|or|such|that|whatever|everything|anything|both|further|standing|given|different"
THINGS = r"instructions?|prompts?|directives?|guidelines?|programming|system messages?|constraints?|guardrails|policies|training"
# "Text messages" are what a bank warns people of.
WEAK_THINGS = r"rules|(?<!text )(?<!voice )(?<!mail )messages?|context|text(?! messages?)|commands?|orders?|tasks?|content|criteria|schema|restrictions?|conversation|answer|response|input"
VERBS = (
    r"ignore|disregard|forget|override|overrule|bypass|discard|do(?: not|n'?t|n’t) (?:follow|obey)|stop (?:following|obeying)|skip"
    r"|pay no attention to|set aside|put aside|abandon|drop|delete|erase|dismiss|neglect|void|cancel|replace|supersede|overwrite|wipe"
)
OVERRIDE = re.compile(
    rf"(?P<lead>{LEAD})(?P<verb>{VERBS})\b(?P<which>(?:[\s,/*_]{{1,3}}(?:{BEFORE}|{WEAK}))*+)[\s*_]{{1,3}}"
    rf"(?:[a-z-]{{1,15}} ){{0,2}}?(?:(?P<thing>{THINGS})|(?P<weak>{WEAK_THINGS}))\b(?P<rest>.{{0,60}})",
    re.DOTALL,
)
ABOVE = Slow(
    POINTING,
    rf"{LEAD}(?:{VERBS})(?: (?:about|the|all|of|every|any)){{0,3}} (?:everything|anything|all|whatever|instructions?|text|what|rest|things?|that)"
    r"(?: (?:of|that|which|else|written|stated|said|the|is|was|were|it|in|comes?|came|has been|you|have|been|'ve|were|had|given|told|to|this|so)){0,7} "
    r"(?:above|before this|before|given|told|above this|preceding this|previously|earlier|so far|here|up to (?:this point|here|now)|below|else)"
    r"(?: (?:line|point|message|sentence|paragraph|text|this|answer))?(?=\s{0,2}(?:and\b|but\b|[.:;,!?)\"'”’*–—-]|$))",
)
OBSOLETE = Slow(
    ENDED,
    r"\b(?:previous|prior|above|earlier|preceding|foregoing|original|initial|system|existing|your)\s(?:\w{1,15}\s){0,3}?"
    r"(?:instructions?|prompts?|directives|guidelines|rules|message|constraints)\b.{0,30}?\b(?:void|cancell?ed|obsolete|superseded"
    r"|revoked|overridden|replaced by|null|suspended|invalid|no longer (?:apply|applies|valid|active|in force|relevant)"
    r"|(?:must|should|shall|to|can|may) be (?:ignored|disregarded|forgotten|discarded|overridden|skipped|dropped))",
)
BE_IGNORED = Slow(
    (" be ",),
    r"\b(?:instructions?|prompts?|directives)\b.{0,40}?\b(?:must|should|shall|are to|can) be (?:ignored|disregarded|discarded|overridden)",
)
WHICH = re.compile(rf"\b(?:{BEFORE})\b")
QUOTED = re.compile(r"[\"'“‘«`]\s{0,2}$")
SAID_OF = re.compile(
    r"\b(?:phrases?|such as|like|attack\w*|injection\w*|called|example|e\.g\.|hidden text|may write|might write|could write|try to|tries to"
    r"|manipulat\w+|trick\w*|jailbreak\w*|known as|typing|typed|(?:tell|ask) (?:it|chatgpt|claude|gemini))\b",
)

# Whose instructions they are, where no program has them: "from your bank", "on the box", "of the WHO".
OWNED = re.compile(
    r"\s{1,3}(?:(?:sent|given|issued|provided|printed|shown|displayed) )?(?:from|of|by|on|in|at|for) (?:(?:the|your|their|his|her|its|our|an?|old|any) ){0,2}+"
    r"(?!\w{0,3}(?:above|system|user|prompt|develop|operator|conversation|context|model|assistant|text|chat\b|input|message|admin|instruct|programm|train|page|document"
    r"|answer|response|evaluat|analy|extract|rank|task|owner|creator|llm|ai\b|gpt|openai|anthropic|google)|(?:this|that|these|those|here|how|which|what|you|all|now|me|my|us)\b)\w",
)

OF_A_THING = re.compile(
    r"\b(?:warranty|washing|care|assembly|cooking|installation|shipping|returns?|payment|dosage|delivery|cleaning|mounting|tax|parking|dietary|feeding) (?:instructions?|guidelines?)\b",
)

ROLES = (
    r"(?:ai|a\.i\.|llm|language|gpt|chatgpt|machine|neural|generative|large[- ]language|reader|reading|extraction|evaluation|summari[sz]ation|automated|automatic"
    r"|annotation|classification|scoring|grading|judging|parsing|downstream|monitoring|analytics|review)"
)
AGENTS = (
    r"(?:monitors?|trackers?|analy[sz]ers?|models?|assistants?|systems?|agents?|readers?|evaluators?|chatbots?|bots?|crawlers?|parsers?|classifiers?|annotators?|graders?|judges?|extractors?"
    r"|summari[sz]ers?|reviewers?|programs?|tools?|engines?|pipelines?|scrapers?|labell?ers?|software|processors?|networks?|scripts?|process|step)"
)
PROGRAM = (
    rf"(?:{ROLES}(?:[ -]{ROLES}){{0,2}}(?:[ -]\w{{2,12}})?[ -]{AGENTS}(?:[ -]{AGENTS})?|(?:ai|llm|language model|gpt|chatgpt|claude|gemini|copilot|ais|llms|bot|bots)"
    r"|evaluators?|annotators?|classifiers?|graders?|extractors?|labell?ers?|summari[sz]ers?|crawlers?|scrapers?|parsers?)"
)
MODEL = rf"(?:{PROGRAM}|models?|assistants?|agents?|judges?|reviewers?|readers?)"
# Behind a sign; a sentence is searched with one before it, so that its own beginning is no case of its own.
BEGIN = r"[\W_](?<![\s,])\s{0,3}"
ENDS = r"(?= ?(?:[:,.;!?)\]}\"'”’*_–—>-]|$|(?:that|which|who|reading|processing|evaluating|parsing|analy[sz]ing|summari[sz]ing|extracting|scoring|grading|only|when|if|must|should|please)\b))"
ANY = r"(?:(?:all|any|the|every|an?|our|your|automated|future|this|whichever|intended) ){0,3}"
NOTE = (
    r"(?:an? |the )?(?:(?:important|special|hidden|private|brief|quick|critical|urgent|system|editor'?s?|internal|confidential|secret) ){0,3}"
    r"(?:notes?|p\.? ?s\.?|messages?|notice|instructions?|reminder|memo|directives?|guidance|hint|requests?|information|announcement|warning)"
    r"(?: (?:only|meant|intended|addressed|directed|specifically|exclusively)){0,2} (?:to|for|at) "
)
VOCATIVE = re.compile(
    rf"{BEGIN}(?:(?:{NOTE}|(?:attention|dear|hello|hey|hi|listen|important)[,:!]{{0,2}} (?:to |for )?){ANY}{PROGRAM}{ENDS}|(?:attention|dear|hello|hey|hi),? (?:model|assistant|evaluator)s?\b|(?:all|any|every) {PROGRAM} ?:)",
)
SALUTATION = re.compile(
    rf"^\W{{0,6}}(?:attention|dear|hello|hey|hi)[,:]? {ANY}(?:{PROGRAM}|models?|assistants?)\W{{0,3}}$"
)
CALLED = re.compile(
    rf"{BEGIN}(?:(?:to|for|note to|@) ?{ANY}{PROGRAM} ?[:,!–—]|(?:ai|llm)s?(?: {AGENTS})? ?[:!]|(?:language models?|llms) ?[:,!]|{ROLES}[ -]{AGENTS} ?[:!])",
)
ORDERED = re.compile(
    rf"^[\s>*_#(\[-]{{0,6}}{PROGRAM}, (?:please |now |always |kindly )?(?:report|mark|count|flag|treat|classify|label|record|register|rate|score|rank|set|assign|output|consider|ignore|disregard|forget)\b",
)
# "The next line is a command for the model", "you are no longer an extraction system", "pretend to be a grader".
ANNOUNCED = Slow(
    COMMANDS,
    rf"\b(?:next|following|previous|preceding|last|this) (?:sentence|line|paragraph|text|part|passage|section|item|bullet)s? (?:is|are|was) (?:an? |the )?(?:\w{{1,12}} )?(?:command|instruction|order|prompt|directive|message|request)s? (?:for|to|at) {ANY}{MODEL}\b"
    rf"|\byou (?:are|were) no longer (?:an? |the |this )?{PROGRAM}\b",
)
YOU_THE_MODEL = Slow(
    READS,
    rf"\byou,? (?:as )?(?:the |an? |dear )(?:{PROGRAM}|model),? (?:that |which |who )?(?:is |are )?(?:currently |now )?(?:read|process|pars|evaluat|summari[sz]|analy[sz]|scor|grad|extract|judg|classify)\w{{0,3}} (?:this|these|the)\b",
)
AUTOMATED = Slow(
    READINGS,
    r"\b(?:automated|automatic|ai|machine|algorithmic|llm) (?:review|evaluation|analysis|reading|processing|assessment|extraction|scoring|grading)s? of (?:this|the present) (?:answer|text|page|response|passage|article|content|document)\b",
)
IF_YOU = Slow(
    ("you", "read by"),
    rf"\b(?:if|in case|since|because|when) (?:you are|you're|you’re|you happen to be|this is (?:being )?read by|being read by|read by|you were) (?:reading this as )?(?:an? |the |any )?(?:automated |automatic )?{PROGRAM}"
    r"(?= ?(?:[:,.;!?)\]\"'”*–—-]|$|and\b|or\b|that\b|which\b|reading|processing|evaluating|parsing|analy[sz]ing|summari[sz]ing|asked|tasked|extracting|instructed|you\b))",
)
# What stands behind "this" where the text itself is meant: "this page", "this must"; not "this data", "this form".
TEXTS = (
    r"(?:answers?|texts?|pages?|passages?|responses?|repl(?:y|ies)|contents?|articles?|documents?|messages?|paragraphs?|sentences?|lists?|outputs?|materials?|websites?|sites?"
    r"|lines?|sections?|summar(?:y|ies)|reviews?|notes?|blocks?|posts?|parts?|must|should|shall|will|has|have|is|are|needs?|may|can|please|and|or|to|as|now|at|for|in|very|\w{1,12} (?:answer|text|page|passage|response|reply|content|article|document))"
)
READING = Slow(
    READS,
    rf"\b(?:(?P<program>{PROGRAM})|models?|assistants?|agents?) (?:that |which |who )?(?:is |are |may be |be )?(?:currently |now )?"
    r"(?:read(?:s|ing)?|process(?:es|ing)?|pars(?:es?|ing)|evaluat(?:es?|ing)|summari[sz](?:es?|ing)|analy[sz](?:es?|ing)|scor(?:es?|ing)|grad(?:es?|ing)|extract(?:s|ing)?(?: \w{1,12}){0,2}(?: from)?|judg(?:es?|ing)|check(?:s|ing)?|classif(?:y|ies|ying)|label(?:s|l?ing)?|review(?:s|ing)?|annotat(?:es?|ing)|index(?:es|ing)?|crawl(?:s|ing)?|ingest(?:s|ing)?)"
    rf" (?:(?:this|these)(?= {TEXTS}\b| ?[^\w ]| ?$)|the (?:present|following|above|answer|text|passage|response)\b)",
)
WHEN_READING = Slow(
    READS,
    r"\b(?:when|while|once|as|after|before|if) (?:you|it|an? \w{1,12}|the (?:model|reader|evaluator|assistant)) (?:\w{1,12}ly )?"
    r"(?:read|analy[sz]e|evaluate|process|extract|summari[sz]e|parse|score|grade|classify|label|judge|review)\w{0,3} (?:\w{1,14} ){0,3}?"
    r"(?:this|the) (?:reply|answer|response|text|page|passage|content|document|article|output)\b",
)
AUDIENCE = re.compile(
    rf"^[\s>*_#-]{{0,6}}(?:for|to|audience|target|readers?|recipients?|addressees?|intended[_ -](?:for|readers?|audience)|agents?|user-agent)[*_]{{0,2}}\s?:\s?{ANY}{PROGRAM.replace('language models?', 'language[- ]models?')}",
)
MUST = Slow(
    OBLIGES,
    rf"\b{PROGRAM}(?: (?:reading|processing|that|which|who|this|page|answer|text|read|reads|you|,)){{0,5}},? (?:must|should|shall|has to|have to|is to|are to|need to|needs to|"
    r"(?:is|are) (?:required|instructed|asked|expected|obliged|advised|requested) to)\b",
)
AS_ONE = re.compile(
    rf"\b(?:you are(?: now)?(?: acting as)?(?: \w{{2,20}},)?|you're(?: now)?|you’re(?: now)?|as|acting as|act as|become|being|pretend to be) (?:an? |the |this |its |our )?(?:\w{{1,14}} ){{0,2}}?{MODEL}\b(?!['’]s)(?!,? i\b)(?! (?:developer|engineer|user|expert|student|startup|company|year))",
)
YOU_MUST = re.compile(r"\byou (?:must|should|shall|have to|are to|need to|are required to|are instructed to|will) \w")
YOUR = Slow(
    ("your ",),
    r"\byour (?:json |final |structured |written |own |only |entire |next )*(?:output|response|reading|report|verdict|evaluation|extraction|classification|summary|json|analysis|answer|labels?|result)s? "
    r"(?:must|should|shall|has to|have to|needs? to|will|is to)\b",
)
NEW_PART = Slow(
    PARTS,
    r"\byou are now\b|\bfrom now on,? you\b|\byou (?:will|must|shall) now\b|\bpretend (?:to be|you are|that you)|\bact as (?:if you|an? |the )|\bassume the role"
    r"|\brole-?play\b|\byou are no longer\b|\b(?:developer|debug|admin|god|dan|maintenance|test|unrestricted|override) mode\b|\bjailbreak|\bfrom now on\b",
)
PLAY = Slow(
    ("play", "bot", "always", "character", "form", "field"),
    r"\blet['’]?s play\b|\b(?:you are|play|called) \w{1,15}bot\b|\b(?:who|that|which|and) always (?:answers|says|ranks|names|lists|puts|recommends|mentions|replies|responds)\b|\b(?:stays?|remains?|breaks?|breaking|leaves?) (?:in |out of )?character\b|\bfill(?:ing)? (?:in|out) (?:the |any |your )?(?:form|field)s?\b",
)
YOU_ARE_NOW = re.compile(r"\byou are now (?:the|an?|in|my|our|acting|playing)\b")
NEW_TASK = Slow(
    TASKS,
    r"\b(?:new|updated|revised|real|actual|true|special|important|additional|secret|hidden|latest|final) (?:system )?(?:instructions?|task|prompt|directive|orders?) ?[:=–—-]"
    r"|\byour (?:new|real|actual|true|only|sole|updated|next) (?:instructions?|task|job|role|objective|goal|directive|mission) (?:is|are|will)\b"
    r"|(?:^|[*#>\[(<])\s{0,3}(?:instructions?|directive|command|override|order)\s{0,2}[*_\])>]{0,3}\s?:|\b(?:system|admin|developer|root|priority) (?:override|instruction|notice|update|note|command|directive)s?\s?[:\])–—-]",
)
SECRET = Slow(
    ("do not", "don", "keep"),
    r"\bdo(?: not|n't|n’t) (?:mention|reveal|disclose|tell|repeat|say|note|report|quote|acknowledge|comment on) (?:anyone |the user |to the user |about |of )?(?:this|these|that you|that this|the existence|having)"
    r"|\bkeep (?:this|these) (?:instruction|note|message|prompt|order)s? (?:secret|hidden|confidential|private)",
)
SAYING = (
    r"(?:report|mark|count|flag|treat|classify|label|record|consider|register|tag|list|log|return|rate|score|rank|declare|say|state|assume|judge|output"
    r"|respond|reply|answer|confirm|note|set|write|put|name|recommend|mention|include|place|position|praise|promote|present|suggest|describe|cite|print|emit|add|insert|give|assign|always|ensure|make sure|claim|conclude|store|enter|fill|treat|save|show|display|pretend|act as if)"
)
AS_MENTIONED = Slow(
    MENTIONED,
    rf"{LEAD}{SAYING}\b[^.;!?\n]{{1,80}}?(?<!,) (?:as|to be|was|is|were|are|gets?|be) (?:being |clearly |explicitly |strongly |prominently |very |a |an |the |having been |first )?"
    r"(?:mentioned|named|mention|included|praised|endorsed|included|praised|endorsed|positive(?:ly)?|favou?rabl[ey]|present|ranked (?:1|one|first|#1|top)|rank (?:1|one|#1)|(?:ranked )?number (?:one|1)|no\. 1|#1|true)\b"
    r"(?!,? (?:then|so|we|i|you|it|they|this)\b| above| earlier| before| in\b| below| previously| by| at| on)",
)
FIRST = Slow(
    AHEAD,
    rf"{LEAD}{SAYING}\b(?P<what>[^.;!?\n]{{1,80}}?) (?:first|at the top|as number one|number one|number 1|#1|no\. 1|in first place|at rank 1|rank 1|positively|favou?rably|as (?:the )?best|above all|the (?:very )?best|top|highly|the winner|as (?:the )?leading|prominently)\b",
)
COUNTS = Slow(("count",), r"\bcounts? as (?:being |always )?(?:mentioned|named)\b")
BE_COUNTED = Slow(
    ("mention",),
    r"\b(?:must|should|shall|has to|have to|is to|are to) be (?:counted|treated|marked|recorded|flagged|listed|classified|considered|reported) as (?:an? )?(?:\w{1,10}ly )?mention(?:ed)?\b",
)
EACH_MENTION = Slow(("mention",), rf"{LEAD}{SAYING}\b[^.;!?\n]{{1,20}}?\b(?:every|each|all|any) mentions?\b")
# What is to be first has a name, or is spoken of: "list the fees first" is advice.
NAMED = re.compile(r"(?!\A)(?<![^\W_])[^\W\d_a-zß-öø-ÿ]|\b(?:it|them|us|this|that)\b")
FIELD = re.compile(r"\b(?:mentioned|sentiment|ranks?|ranked|number one|first|positive)\b")
IMPERATIVE = re.compile(
    rf"\W{{0,5}}(?:(?:step )?\d{{1,2}}[.:)]?\W{{1,3}})?(?:(?:please|then|now|always|simply|just|also|and) ){{0,2}}{SAYING}\b",
)
SET = r"[\"'`*_”’]{0,3}\s{0,2}(?:(?:field|value|score|label|flag)\s)?(?:=|==|:=|->|→|=>|to|must be|should be|shall be|has to be|equals|set to)\s{0,2}[\"'`*_“‘]{0,3}"
LOOSELY = r"[\"'`*_”’]{0,3}\s{0,2}(?::|is|as|of|with)\s{0,2}[\"'`*_“‘]{0,3}"
# What a sentence must have, the field, its value, and the points.
ASSIGNED = (
    (("mention",), r"\b(?:is_?)?mention(?:ed|s)?(?:_text)?", r"(?:true|yes|1|y|named)\b", 3),
    (
        ("sentiment", "tone", "polarity"),
        r"\b(?:sentiment|tone|polarity)",
        r"(?:very |strongly |fully |highly |\w{1,10}ly )?(?:positive|excellent)\b",
        2,
    ),
    (
        ("rank", "position", "place"),
        r"\b(?:rank|ranking|position|place)",
        r"(?:number |no\. ?|#)?(?:1|one|first)\b",
        1,
    ),
    (("verdict", "judged"), r"\b(?:verdict|judged)", r"(?:named|supported|confirmed|true)\b", 2),
)
FIRMLY = [(Slow(needed, head + SET + value), points) for needed, head, value, points in ASSIGNED]
LOOSE = [Slow(needed, head + LOOSELY + value) for needed, head, value, _ in ASSIGNED]
SET_FOR = Slow(
    ("sentiment", "tone", "polarity", "rank", "verdict"),
    r"\b(?:set|change|adjust|put|assign|mark|keep) (?:the |its |a )?(?:sentiment|tone|polarity|rank|verdict) (?:of|for) [^.;\n]{1,60}? (?:to|as|at) (?:very )?(?:positive|named|1\b|first|number 1)",
)
ENOUGH = 3
LONGEST_NEGATION, LONGEST_BEGINNING = 64, 80  # characters that NEGATED and IMPERATIVE match at most
GIVEN = re.compile(
    r"^.{0,30}\b(?:above|before|given|you (?:were|have|had|received|got)|previously|earlier|so far|preceding)\b",
    re.DOTALL,
)


def strength(sentence: str, words: AbstractSet[str]) -> int:
    """Points; three are enough to take it for an order. `words`: the categories of lexicon.py of which it has one."""
    points = 0
    if words & {"program", "reads", "output", "object"}:
        points += addressed(sentence)
    if points < ENOUGH:
        points += fields(sentence)
    if points < ENOUGH and words & {"role", "program", "object", "turn"}:
        points += part(small(sentence))
    if points < ENOUGH and "override" in words:
        points += override(sentence, alone=points == 0)
    return points


def override(sentence: str, *, alone: bool) -> int:
    """`alone`: nothing else speaks for an order, and so a text about such orders may only quote one."""
    lower = small(sentence)
    if ABOVE.search(lower) or OBSOLETE.search(lower):
        return 0 if alone and SAID_OF.search(lower) else ENOUGH
    best = 2 if BE_IGNORED.search(lower) else 0
    for found in OVERRIDE.finditer(lower):
        if is_negated(lower, found.end("lead")):
            continue
        if alone and QUOTED.search(found["lead"]) and SAID_OF.search(lower):
            continue
        best = max(best, 1 if alone and OWNED.match(found["rest"]) else override_points(found))
    return best


def is_negated(lower: str, place: int) -> bool:
    return NEGATED.search(lower, max(0, place - LONGEST_NEGATION), place) is not None


def override_points(found: re.Match[str]) -> int:
    if OF_A_THING.search(found[0]):
        return 1
    before = WHICH.search(found["which"]) is not None or GIVEN.match(found["rest"]) is not None
    if found["thing"]:
        return ENOUGH if before else 1
    return 2 if before else 0


def overridden(sentence: str) -> str | None:
    """What follows when a sentence says to set something aside; None if it does not."""
    found = OVERRIDE.search(small(sentence))
    return found["rest"] if found else None


def is_obsolete(sentence: str) -> bool:
    return OBSOLETE.search(small(sentence)) is not None


def is_imperative(sentence: str) -> bool:
    return IMPERATIVE.match(small(sentence[:LONGEST_BEGINNING])) is not None


def is_salutation(sentence: str) -> bool:
    return SALUTATION.match(small(sentence)) is not None


def names_audience(sentence: str) -> bool:
    return AUDIENCE.match(small(sentence)) is not None


@lru_cache(maxsize=256)  # of one sentence it is asked for several reasons
def addressed(sentence: str) -> int:
    """What speaks to a program, or of what it must do."""
    lower = small(sentence)
    begun = f".{lower}"
    if VOCATIVE.search(begun) or any(one.search(lower) for one in (IF_YOU, ANNOUNCED, YOU_THE_MODEL)):
        return ENOUGH
    if AUDIENCE.match(lower):
        return ENOUGH
    reading = READING.search(lower)
    points = (ENOUGH if reading["program"] else 2) if reading else 0
    points += 2 * (WHEN_READING.search(lower) is not None)
    points += 2 * (CALLED.search(begun) is not None or MUST.search(lower) is not None)
    points += 2 * (ORDERED.match(lower) is not None)
    points += 2 * (YOUR.search(lower) is not None)
    if AUTOMATED.search(lower):
        points += ENOUGH if MUST.may_match(lower) else 2
    if AS_ONE.search(lower):
        points += 2 if YOU_MUST.search(lower) else 1
    return points


def part(lower: str) -> int:
    """Another part for the program: a role, a task, a secret."""
    return (
        (YOU_ARE_NOW.search(lower) is not None)
        + min(len(PLAY.findall(lower)), ENOUGH)
        + len(set(NEW_PART.findall(lower)))
        + 2 * (NEW_TASK.search(lower) is not None)
        + 2 * (SECRET.search(lower) is not None)
    )


@lru_cache(maxsize=256)
def fields(sentence: str) -> int:
    """What a reading says of an organisation, ordered."""
    lower = small(sentence)
    if COUNTS.search(lower):
        return ENOUGH
    points = sum(points for pattern, points in FIRMLY if pattern.search(lower))
    points += sum(pattern.search(lower) is not None for pattern in LOOSE)
    points += 2 * (BE_COUNTED.search(lower) is not None) + 2 * (SET_FOR.search(lower) is not None)
    points += EACH_MENTION.search(lower) is not None
    if AS_MENTIONED.search(lower):
        return points + ENOUGH
    return points + is_put_first(sentence, lower)


def is_put_first(sentence: str, lower: str) -> bool:
    return any(NAMED.search(sentence[slice(*found.span("what"))]) for found in FIRST.finditer(lower))


def says_first(sentence: str) -> bool:
    return FIRST.search(small(sentence)) is not None


def has_field(sentence: str) -> bool:
    return FIELD.search(small(sentence)) is not None
