"""Which given names stand for one another: Bob for Robert, Manon for Marie.

    short_forms("bob") -> {"robert", "rob", "bobby", "robbie", ...}

One group a line; a name may stand in several groups ("alex" is Alexander or Alexandra).
"""

from functools import cache

_GROUPS = """
abigail abby gail
aoife eefa ifa
caoimhe keeva kiva
ciaran kieran kieron
niamh neve neave
saoirse sersha seersha
siobhan shivon chevonne
abraham abe bram
albert al bert bertie alberto
alexander alex al sandy alec sasha xander alexandre lex
alexandra alex sandra lexi sasha alexa sandy alix
alfred alf fred freddie al
alice ali alicia allie
allison alison allie ali
amanda mandy
amelia amy millie emilie
andrea andi drea
andrew andy drew andre andrei andres
angela angie angelina
ann anne anna annie nan nancy anita hannah
anthony tony ant antoine antonio anton
antoinette toni nettie
archibald archie
arthur art artie
augustus gus august augustin
barbara barb babs barbie
bartholomew bart
beatrice bea trixie beatrix
benjamin ben benny benji
bernard bernie
bernadette bernie detta
bradley brad
brian bryan bryant
caroline carrie carol carolyn lynn caro
catherine katherine kathryn kate katie kathy cathy cat kit kitty kat cathryn katrina
charles charlie chuck chas carl carlos charly
charlotte charlie lottie char
christian chris christophe
christine chris tina christina kristen kristin kristina chrissy tine
christopher chris topher kit kris christophe
clifford cliff
clinton clint
constance connie
cynthia cindy
daniel dan danny dani
danielle dani danny
david dave davy davey
deborah deb debbie debra
dennis denny denis
diana diane di dianne
dominic dom dominique nick
donald don donnie
dorothy dot dottie dolly dora
douglas doug
edmund ed eddie ned
edward ed eddie ted teddy ned edouard eduardo
edwin ed eddie
eleanor ellie nell nora lenore elinor
elizabeth liz lizzie beth betty eliza elise lisa betsy elisabeth libby bess lise babette
emily em emmy emilie
emma em emmy
emmanuel manny manu
ernest ernie
eugene gene
evelyn eve evie
florence flo flossie
frances fran francie frankie francoise
francis frank fran francois frankie paco francisco
franklin frank
frederick fred freddie rick fritz frederic
gabriel gabe gaby
gabrielle gabby gaby
genevieve gen ginette viv
geoffrey jeffrey jeff geoff
george georgie georges jorge
gerald gerry jerry gerard
gilbert gil bert
gregory greg gregg gregoire
guillaume will bill guy gui
gwendolyn gwen wendy
harold harry hal
harriet hattie harri
helen helena nell ellen helene lena
henry hank harry hal henri enrique
herbert herb bert
howard howie
hubert bert
ignatius iggy nacho
isaac ike
isabella bella izzy isabel isabelle isobel belle
jacob jake jacques
jacqueline jackie jacqui
james jim jimmy jamie jem
janet jan jeannette
janice jan
jason jay
jean jeannie jeanne
jean jon john
jennifer jen jenny jenn
jeremy jerry jeremie
jessica jess jessie
joan joanie jo
joanne jo joanna
john jon jack johnny jean jonny juan ian
jonathan jon jonny nathan john
joseph joe joey jose jos
josephine jo josie
joshua josh
judith judy jude
julia julie jules juliette
julian jules julien
justin jus
kenneth ken kenny
kimberly kim kimberley
kristopher kris chris
lawrence larry laurie laurent lorenzo
leonard len lenny leo
leslie les lesley
lillian lily lil lilian
linda lindy lynn
louis lou louie lewis luis
louise lou lulu
lucille lucy lucie
lucas luke luc
madeline maddie madeleine maddy
margaret maggie meg peggy marge margie greta rita margo peg margot marguerite
maria marie mary
marie mimi manon
mark marc marcus
martha marty patsy
martin marty
mary molly polly mae mamie marie
matthew matt matty mathieu matthieu mateo
matilda tilly mathilde
maurice moe morris
maximilian max
maxine max
melanie mel
melissa mel missy lissa
michael mike mick mickey mikey michel miguel mikhail
michelle shelly micki michele
mildred millie
miriam mimi
mitchell mitch
mohammed mohamed muhammad mohammad mo mohamad muhammed
nancy nan
natalie nat nathalie
natasha tasha nat
nathaniel nate nat nathan
nicholas nick nicky nico nicolas nikolai niko
nicole nicky nikki
norman norm
oliver ollie olivier
olivia liv livvy
pamela pam
patricia pat patty trish tricia patsy patrice
patrick pat paddy patrice
paul paulie pablo
pauline polly paula
penelope penny
peter pete pierre pedro
philip phil phillip philippe pip felipe
phyllis phyl
priscilla cilla
rachel rae rach
randall randy
raymond ray
rebecca becky becca bec
reginald reg reggie
regina gina reggie
richard rick dick rich richie ricky ricardo
robert rob bob bobby robbie bert roberto robin
roberta bobbie robbie
roderick rod roddy
rodney rod
roger rodge
roland rollie
ronald ron ronnie
rosemary rose rosie romy
russell russ
samantha sam sammy
samuel sam sammy
sandra sandy
sarah sara sally sadie
sean shawn shaun
sebastian seb bastien sebastien
sharon shari
shirley shirl
solomon sol
sophia sophie
stanley stan
stephanie steph stef steffi
stephen steve steven stevie stefan stephane etienne
stuart stu stewart
susan sue susie suzy susanna suzanne
sylvester sly
sylvia sylvie
tabitha tabby
terence terry terrance thierry
theresa terry tess tessa teresa therese
theodore ted teddy theo
thomas tom tommy tomas
timothy tim timmy
tobias toby
valerie val
vanessa nessa
veronica ronnie vera roni
victor vic
victoria vicky vic tori
vincent vince vinny vin
virginia ginny ginger
vivian viv vivienne
walter walt wally
wendy wen
wilfred will wilf fred
william will bill billy liam willy wil
winifred winnie fred
yvonne eve vonnie
zachary zach zack zac
"""


@cache
def _groups() -> dict[str, frozenset[str]]:
    groups: dict[str, frozenset[str]] = {}
    for line in _GROUPS.strip().splitlines():
        names = frozenset(line.split())
        for name in names:
            groups[name] = groups.get(name, frozenset()) | names
    return groups


def short_forms(name: str) -> frozenset[str]:
    """Return the other given names that a folded name may stand for, in either direction."""
    return _groups().get(name, frozenset()) - {name}
