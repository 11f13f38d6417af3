"""Words of general English that stand for one another, and words that say the contrary.

A small hand-made list of common verbs, nouns and adjectives; nothing in it is taken from a ladder.
Not covered: the sense of a word in its sentence, and idioms of several words.
"""

from __future__ import annotations

from functools import cache

from ladder_qa.words import tokens

# One group a line. The groups before and after "|" are contraries of each other.
_GROUPS = """\
increase grow rise expand raise gain climb | decrease shrink fall drop decline reduce lower \
diminish
big large great huge major sizable substantial significant considerable | small little minor \
slight tiny
high elevated | low
long lengthy extended prolonged | short brief
fast quick rapid swift speedy accelerate speed sped | slow gradual delay
easy simple straightforward effortless | hard difficult tough challenging complicated complex \
demanding
good excellent outstanding great superb exceptional strong | bad poor weak inferior terrible
sufficient enough adequate suffice | insufficient inadequate lacking
necessary needed required essential indispensable vital crucial need require | unnecessary \
optional needless dispensable
success succeed achievement accomplish | failure fail
happy satisfied content fulfilled satisfying fulfilling rewarding | unhappy unsatisfied miserable
right suitable suit fit appropriate proper | wrong unsuitable inappropriate
energize invigorate stimulate excite | drain exhaust tire weary
start begin commence launch open initiate | end finish stop cease conclude terminate close
join enter entry arrive | leave depart exit departure attrition quit
internal inside inward | external outside outward
formal official | informal unofficial
common frequent usual typical normal ordinary regular standard | rare scarce uncommon infrequent \
seldom unusual few limited exceptional
always constantly consistently continually steadily | never occasionally sporadically
clear evident obvious explicit plain | unclear vague ambiguous obscure
full complete entire total whole | partial incomplete
same identical equal equivalent alike | different distinct differ unlike
dependent depend rely reliant | independent autonomous autonomously independently
senior experienced seasoned veteran | junior inexperienced novice
permanent lasting durable enduring durably | temporary transient interim provisional
proactive proactively | reactive passive
public open | private confidential
accept approve agree | reject refuse deny disagree
allow permit enable let | forbid prohibit prevent block
strengthen reinforce bolster | weaken undermine
improve enhance better refine upgrade boost | worsen deteriorate degrade harm damage
keep retain maintain preserve sustain | lose
remember recall | forget neglect ignore overlook
praise credit commend recognize acknowledge | blame criticize
praise respect esteem admire | disrespect despise
safe secure | unsafe dangerous risky
cheap inexpensive | expensive costly
near close | far distant
early | late
before prior previous earlier preceding former | after later subsequent following next
individual personal single one sole lone
team group squad crew
company firm business enterprise corporation employer organization
staff employee personnel workforce worker people
boss supervisor
pay compensation salary wage remuneration earning money
result outcome consequence effect output
goal aim objective target purpose
plan planning roadmap
task duty assignment chore
job role position post function
work labor effort
career profession vocation
task responsibility obligation accountability accountable responsible answerable
ownership own possess owner
choice choose select pick selection decide decision opt selective
guide guidance direction steer direct
lead head leader leadership run
teach train instruct educate
coach mentor counsel
learn study acquire
help support assist aid back
advise advice recommend counsel suggest recommendation suggestion
ask request inquire question query
answer reply respond response
tell inform notify report communicate
talk speak discuss conversation discussion dialogue
meet meeting encounter
show demonstrate prove display exhibit demonstration evidence
assess evaluate judge appraise evaluation assessment rate review gauge
measure quantify track gauge monitor
create build make construct produce form establish develop set
shape mold influence form
design devise conceive
change shift alter modify transform transition move convert
move switch transfer relocate transition
exchange swap replace substitute
solve resolve settle fix
problem issue trouble difficulty
conflict tension dispute friction disagreement
idea thought notion concept view perspective opinion viewpoint
understand grasp comprehend comprehension
know knowledge familiar
think consider reflect contemplate
believe trust confidence confident faith
skill ability capability competence competency proficiency able capable expertise
quality excellence
fair just equitable
honest candid frank sincere open
deep profound thorough depth
broad wide extensive widely broadly
vary differ variation range varied
get obtain receive acquire gain
give provide offer supply grant hand deliver
take assume undertake
use utilize employ apply
share distribute divide split allocation allocate
hire recruit employ recruitment
attract draw appeal
promote advance promotion advancement
reach attain achieve arrive
progress progression advance advancement proceed
carry perform execute conduct implement implementation execution
participate participation involve engage partake involvement
contribute contribution
cooperate collaborate collaboration partner partnership
represent represents stand speak
deputize substitute
present presentation
attend presence present
absence absent away
visible visibility exposure
expect anticipate foresee expectation anticipation
hope wish want desire like
prefer preference favor
enjoy like love
seek look search pursue
follow pursue aim strive
handle manage deal cope address
oversee supervise supervision oversight
delegate entrust assign | keep withhold retain
escalate
important key central core crucial
main primary chief principal mainly primarily chiefly principally
mere merely only just
real genuine true actual authentic genuinely truly really
credible credibly believable credibility
effective effectively efficient efficiently
impact effect influence
value worth
benefit advantage edge
competitive competition rival competitor
risk danger hazard
chance opportunity prospect possibility
time period duration span while
future ahead forthcoming upcoming
horizon outlook
vision outlook
strategy strategic strategically
reason cause ground
interest interests
strength strengths
quarterly quarter
annual yearly annually
monthly month
industry sector trade
customer client
investor shareholder
board directors
public external
place location
place position
part portion section share segment
number count amount quantity
area field domain
level grade rank tier stage
title designation label
guideline guidance rule guide
estimate approximation
standard norm criterion criteria benchmark
habit practice custom
method approach way manner process procedure
culture climate
balance offset
stay remain
link connect connection relation relationship tie
together jointly collectively
seamless seamlessly smooth smoothly
careful deliberate deliberately intentional intentionally purposeful
prepare preparation ready readiness
hit strike meet reach
spend devote invest
write author writing compose
document record write documentation
read peruse
need want
foster nurture cultivate encourage develop
bring carry
gather collect
opinion feedback
compare comparison contrast
whole entirety overall entire across
current present existing now currently
build built create construct form
grow grew grown growth development expand
show shown demonstrate prove
give given gave grant
write wrote written document paper
lead led
meet met encounter contact interact interaction
lose lost loss miss
take taken took
draw drawn drew attract pull win
know known knew recognize acquaint
teach taught
seek sought pursue chase look
hold held
think thought
choose chose chosen choice
speak spoke spoken speech voice
rise rose risen climb ascend
drive drove driven
pay paid
spend spent
find found discover
begin began begun
keep kept
contribute contribution add play
align fit match suit line accord
beyond past outside
peer fellow equal counterpart colleague
deputize fill substitute deputy
practice practise rehearse train exercise drill
comfort ease comfortable relaxed
measure yardstick judge gauge metric
position seat post slot
require demand call take
opportunity occasion opening chance
depend hang rely rest hinge indispensable
future tomorrow ahead
significant sizeable sizable weighty considerable
trajectory heading course direction path
volunteer offer
exist existence there
foundation base basis ground basic fundamental bedrock
outline describe description spell sketch set
invest investment effort put
consistent consistently steady steadily sustained constant
optimize tune
confidence confident assurance assured self-assured
prepare prep preparation
situation case circumstance
review check examine inspect
extend stretch span
cumulative accumulate add
promise show
solve solution answer
reputation name renown known
scale size magnitude
technology technical tech
ultimate ultimately final finally
safe safety secure
qualitative quality kind
participate participation join seat table
fundamental fundamentally altogether radically
despite notwithstanding
sound solid robust
multiple several various
narrow narrower confined restricted limited
broad broader wide wider widen
emphasize emphasis stress weight
interest interested appeal
external outward outside world
visible visibly visibility seen eye
experience background
ownership own owner hands
decide decision call judgment
retain retention keep stay
attrition departure leave leaver
mistake error wrong misstep
struggle difficulty wrestle
necessary needed condition precondition
typical typically usual ordinarily
new novel fresh
reliable dependable reliably
honor recognition
fame reputation renown
talent gift
"""


def _stem(word: str) -> str:
    return tokens(word)[0]


@cache
def _table() -> tuple[dict[str, frozenset[int]], frozenset[tuple[int, int]]]:
    """The groups of each stem, and the pairs of groups that are contraries."""
    groups: dict[str, set[int]] = {}
    contraries: set[tuple[int, int]] = set()
    number = 0
    for line in _GROUPS.strip().splitlines():
        sides = line.split("|")
        for side in sides:
            for word in side.split():
                groups.setdefault(_stem(word), set()).add(number)
            number += 1
        if len(sides) == 2:
            contraries |= {(number - 2, number - 1), (number - 1, number - 2)}
    return {stem: frozenset(ids) for stem, ids in groups.items()}, frozenset(contraries)


def are_synonyms(first: str, second: str) -> bool:
    """Whether two stems stand in one group."""
    groups, _ = _table()
    return bool(groups.get(first, frozenset()) & groups.get(second, frozenset()))


def are_contraries(first: str, second: str) -> bool:
    """Whether two stems stand on the two sides of one line, and in no group together."""
    groups, contraries = _table()
    ours, theirs = groups.get(first, frozenset()), groups.get(second, frozenset())
    return not ours & theirs and any((a, b) in contraries for a in ours for b in theirs)
