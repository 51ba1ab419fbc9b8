"""Words that a question holds whoever it is about, so that a surname spelt alike is no proof.

"How long is the wait" holds no Mr. Long. `ASK` are the words of asking itself: they say nothing of
whom or what is sought. `EVERYDAY` are common words, some of them names as well; they may describe
("lost wallet") and count as a name only where something else says so ("Dr. Long", "call Long").
"""

ASK = frozenset(
    """
a an the of for to in at on by with from and or as is are was were be been am do does did done can
could would should shall will may might must have has had i me my mine we us our you your he she it
its they them their his her this that these those there here who whos whom whose what whats which
when where wheres why how hows if so than then but not no yes ok okay please pls plz thanks thank
thx cheers hi hello hey sorry morning afternoon evening today now need needs want wants wanna like
looking look find get give gimme tell know got gotta let lets try trying ask asking speak speaking
spoke talk talking chat reach reaching ring dial call calling calls phone phones phoning telephone
tel fone cell mobile text fax message msg write mail email emails mails contact contacts contacting
connect transfer put through number numbers nbr num digits ext extension address addr details info
information up person people someone somebody anyone anybody one guy lady man woman name named
called about regarding re concerning around responsible handles handle handling deals deal dealing
charge takes take care looks after runs run running does work works working available free im id
ive dont doesnt cant whatre any some help direct right best good way go goes going much many more
also just
qui quel quelle quels quelles est sont le la les un une des du de d l au aux a et ou pour avec sur
dans je tu il elle nous vous ils mon ma mes votre vos son sa ses ce cette ces que quoi comment quand
pourquoi puis peux peut veux veut voudrais faut dois bonjour salut merci svp plait numero telephone
courriel courrier adresse poste appeler appelle joindre rejoindre parler contacter trouver cherche
occupe charge sujet concernant monsieur madame s t j y
""".split()
)

# After one of these a name may follow ("call Long", "number for Long").
ASKS_FOR = frozenset(
    """
call calling phone phoning ring dial text email mail message msg fax contact contacting reach
reaching connect find see meet named called joindre rejoindre appeler contacter trouver whos
""".split()
)
# These words keep such a chain open ("speak to Long", "the number of Long").
CHAIN = frozenset("to with for of from a avec de pour directly up is".split())
CHAINED = frozenset(
    """
number numbers extension ext phone telephone tel cell mobile email address mail details line info
speak talk chat speaking talking connect transfer put through looking ask contact message write fax
call calling reach who whos numero courriel adresse poste parler appeler joindre qui text desk
""".split()
)
# A possessive before one of these is a person's ("smiths number").
OWNED = frozenset(
    "number numbers nbr extension ext phone telephone tel cell mobile email mail address fax office"
    " details contact line desk secretary assistant team manager".split()
)

EVERYDAY = frozenset(
    """
able above accept access accident account across act action active add admission adult adults
advice afraid again age ago agree air allow almost alone along already always amount ankle annual
answer apartment appeal appear apply appointment appointments april area arm arrange arrive art ask
asthma august autumn away baby back bad bag ball band bank barber bath bay beach bear bed beds
before begin behind being believe bell below bench benefits best better between big bike bill
billing bills bird birth birthday black blood blue board body book booking books born both bottom
box boy boys branch brave bread break breast breath bridge bright bring broken brook brother brown
build building burn burns bus bush business busy butcher butler buy cab cabin camp cancel cancer
car card cards care career carpenter carry case cases cash cat cause center central centre certain
chair chance change charges cheap check chest child childcare children choice choose christian
church city claim class clean clear clerk clinic clinics clock close closed closing clothes club
coat coffee cold college color come coming common community complain complaint complaints computer
consent continue cook cool copy corner cost costs cough council counter country couple course court
cousin cover crash crew cross cry cup cut cutting dad daily dairy damage dance dark data date
daughter day days dead dean death december decide deep delivery dental department deposit desk
diabetes diet different dinner disability discharge discuss doctor doctors document dog donate
donation donor door double down dress drew drink drive driver drop drug drugs dry due duke during
each ear early earn east easy eat education eight elderly else emergency employ employee end enough
enter entrance entry equal even event ever every everyone everything exam example expect explain
eye eyes face fact fair faith fall falls false family far farm farmer fast father fear february fee
feedback feel fees feet fell female fence few field fifth file fill final fine finger finish fire
first fish fisher fit five fix flat floor flower flu fly follow food foot forest forget form forms
forward found four fox fresh friday friend front frost full fund funds future game garage garden
gardener gate general girl girls glass gold golf gone grace grade grand grant grass gray great
green grey ground group grow guard guest guide half hall hand hands happen happy hard hawk hay head
health healthy hear heard heart heat heavy held hello her herb hide high hill hip hire history hit
hold hole holiday home homes hood hook hop hope horn hospital hospitals hot hour hours house
housing huge human hundred hunt hunter hurt husband ice idea identity ill illness immunization
important inside insurance interview invoice iron item itself jail january jewel job jobs join
judge july jump june junior keep key keys kid kids kind king kitchen knee knew knight knows lab
labs lake lamb lamp land lane language large last late later laundry law lead learn least leave led
left leg legal less lesson letter level library licence license life lift light line list listen
litter little live lives load local lock locker long longer lose loss lost lot loud love low luck
lunch machine made main major make making male manager march mark market married mass match matter
mayor meal meals mean meaning meat medical medication medicine meet meeting member men mental met
middle midwife mile milk mill miller mind mine minor minute minutes miss missed missing moment
monday money month months moon moore moral most mother mouth move moving mum music myself nature
near nearest neck needle never new news next nice night nine noble noise none noon normal north
nose note notes nothing notice november nurse nurses october off offer office officer offices
official often oil old once online only open opening opens operator option order other others out
outside over overdose own owner pack page paid pain pains painter paper parent parents park parking
part parts party pass passport past patient patients pay paying payment payroll penny per perfect
period permission permit permits pet pets photo physio pick picture piece pine pink place plain
plan planning plant play player point pole police policy pond pool poor pope porter post pound
power pray pregnancy pregnant prescription press pretty price prices priest prince private problem
process program proof property provide public pull purple purse push queen question questions quick
quiet quit quite radio rain raise range rash rate rather ray reach read reading ready real really
reason receipt reception record records red refer referral refill refund refunds refuse register
registration regular release religious renew rent repair report request require research resident
residents rest result results return ribs rice rich ride ring rise river road rock role room rooms
rose rough round route row royal rule rules rush sad safe safety said salary sale same sample sand
saturday save saw say scan schedule school score sea seal search season seat second secretary
secure security see seen self sell send senior seniors sense sent september serve service services
session set seven several sex shade share sharp shelter shift ship shoe shop short shot shots
shoulder shout show shower shut sick side sign silver simple since sing singer single sister sit
site six size skin sleep slow small smart smell smoke smoking snow social soft sold son song soon
sore sort sound south space speech spend spoon spring staff stage stairs stand star start state
station stay steal steel step steps still stolen stomach stone stop store storm story straight
street strike stroke strong student students study stuff style such sugar suit summer sun sunday
supper support sure surgery surname sweet swim system table tail taken taking tall tax taxi teach
teacher team teeth ten tenant test testing tests theft thing things think third thought three
throat thursday ticket tickets tie till time times tip tired together told tomorrow tonight too
took tooth top total touch toward tower town track train training transport travel treat treatment
tree trip trouble truck true trust truth tuesday tumour turn twelve twice twin two type ulcer
ultrasound uncle under unit university unless until urgent urine use used user using usual
vaccination vaccine vaccines valley valuables van very video view village violence virus visit
visiting visitor visitors voice volunteer volunteers wait waiting waits wake walk walker wall
wallet walls war ward wards warm wash waste watch water weak wear weather weaver web website
wednesday week weekend weeks weight well went were west wet wheel wheelchair while white whole wide
wife wild will win wind window wine wing winter wise wish within without wolf women wood wooden
woods word words worker world worry worse worst worth wound wrist wrong year years yellow yesterday
yet young younger zero
""".split()
)

# Everyday words that people are called by, and that no team's name begins with.
EVERYDAY_GIVEN = frozenset(
    "april august chase christian dean drew faith grace hope hunter joy june mason may penny ray"
    " rich rose sue will".split()
)
