"""Questions in German, French or Spanish: told apart by small words, put into English to search.

Only the words by which people ask about careers are put over, one by one; answers stay in the
documents' language.
Not covered: translation; a question whose key words are not listed here is searched as it is.
"""

from __future__ import annotations

import re

_SMALL_WORDS = {
    "de": "der die das den dem ein eine einen einer und oder ist sind wie was wer welche welcher"
    " welches ich wir nicht zu zum zur von für mit auf auch kann muss wird werden braucht zwischen"
    " beim vom im wenn als man mir mein meine gibt es soll sollte warum wann dauert",
    "fr": "le la les un une des du et ou est sont comment quoi quel quelle quels quelles je nous ne"
    " pas à au aux de pour avec sur dans peut faut entre que qui combien mon ma mes être il elle on"
    " c'est qu'est-ce l' d' quand pourquoi temps",
    "es": "el la los las un una y o es son cómo como qué que cuál cuáles quién yo no a al del de para"
    " con en puede debe entre cuánto cuántos mi mis ser hay se por cuando si lo tiempo hace",
}
_WORDS = {
    "de": "wie_lange=how long;dauert=takes;dauer=duration;jahre=years;monate=months;unterschied=difference"
    ";unterschiede=differences;zwischen=between;und=and;oder=or;von=from;zum=to;zur=to;bis=until"
    ";gehalt=salary;verdient=earns salary;verdiene=earn salary;erfahrung=experience;berufserfahrung=professional experience"
    ";fehler=mistakes;fallstricke=pitfalls;vermeiden=avoid;fragen=questions;stellen=ask;welche=which;was=what;wer=who;wie=how"
    ";kann=can;muss=must;soll=should;sollte=should;werden=become;beförderung=promotion;befördert=promoted"
    ";bereit=ready;reif=ready;stufe=level;ebene=level;rolle=role;aufgaben=responsibilities;verantwortung=accountability"
    ";erfolg=success;erwartet=expected;erwartungen=expectations;entwickeln=develop;entwicklung=development"
    ";führung=leadership;führungskraft=manager;führungskräfte=managers;mitarbeiter=employees;leiter=head"
    ";abteilungsleiter=head;direktor=director;vorstand=board;anteil=share percent;prozent=percent;viele=many"
    ";zurück=back;wechsel=transition;wechseln=switch;karriere=career;laufbahn=track;nachweise=evidence"
    ";belege=evidence;strategie=strategy;horizont=horizon;technik=technology;technische=technical;geschäft=business"
    ";ergebnisse=outcomes;nicht=not;kein=no;keine=no;ist=is;sind=are;braucht=needs;man=one;ich=i;der=the;die=the;das=the"
    ";ein=a;eine=a;einem=a;einer=a;einen=a;größe=size;team=team;nächste=next;nächsten=next;typisch=typical;üblich=typical"
    ";richtig=right;passt=suit right for;positionen=positions;stellen=positions;geben=are;gibt=are",
    "fr": "combien_de_temps=how long;combien=how many;faut-il=does it take;durée=duration;ans=years;années=years;mois=months"
    ";différence=difference;différences=differences;entre=between;et=and;ou=or;salaire=salary;expérience=experience"
    ";erreurs=mistakes;pièges=pitfalls;éviter=avoid;questions=questions;poser=ask;quelles=which;quels=which;quel=what;quelle=what"
    ";comment=how;qui=who;devenir=become;passer=move;promotion=promotion;promu=promoted;prêt=ready;prête=ready;niveau=level"
    ";rôle=role;responsabilités=responsibilities;succès=success;réussite=success;attendu=expected;attentes=expectations"
    ";développer=develop;développement=development;équipe=team;équipes=teams;gestion=management;directeur=director;directrice=director"
    ";conseil=board;pourcentage=percent;proportion=proportion;revenir=return back;retour=return;carrière=career;filière=track"
    ";preuves=evidence;stratégie=strategy;horizon=horizon;technique=technical;métier=business;résultats=outcomes;pas=not"
    ";est=is;sont=are;un=a;une=a;le=the;la=the;les=the;des=of the;du=of the;de=of;pour=for;prochain=next;suivant=next"
    ";compétences=skills capabilities;capacités=capabilities;ingénieurs=engineers;ingénieur=engineer;fait=does;quoi=what",
    "es": "cuánto_tiempo=how long;cuántos=how many;cuántas=how many;cuánto=how much;tarda=takes;duración=duration;años=years"
    ";meses=months;diferencia=difference;diferencias=differences;entre=between;y=and;o=or;salario=salary;sueldo=salary"
    ";experiencia=experience;errores=mistakes;trampas=pitfalls;evitar=avoid;preguntas=questions;hacer=ask do;qué=what;cuál=which"
    ";cuáles=which;quién=who;cómo=how;ser=become;llegar=get;pasar=move;ascender=promoted;ascenso=promotion;listo=ready;lista=ready"
    ";preparado=ready;nivel=level;rol=role;responsabilidades=responsibilities;éxito=success;espera=expected;expectativas=expectations"
    ";desarrollar=develop;desarrollo=development;equipo=team;equipos=teams;gestión=management;gerente=manager;consejo=board"
    ";porcentaje=percent;volver=return back;carrera=career;evidencias=evidence;pruebas=evidence;estrategia=strategy"
    ";horizonte=horizon;técnico=technical;técnica=technical;negocio=business;resultados=outcomes;no=not;es=is;son=are;un=a;una=a"
    ";el=the;la=the;los=the;las=the;de=of;del=of the;para=for;siguiente=next;próximo=next;habilidades=skills;capacidades=capabilities"
    ";ingenieros=engineers;ingeniero=engineer;hace=does;debo=should;debería=should",
}
_TABLES = {
    language: dict(
        (pair.split("=")[0].replace("_", " "), pair.split("=")[1]) for pair in text.split(";")
    )
    for language, text in _WORDS.items()
}
_SETS = {language: frozenset(words.split()) for language, words in _SMALL_WORDS.items()}
_ENGLISH = frozenset(
    "the a an of to in is are what how do does i my for and or with from who which when why can should"
    " me you it that this on at by be as between if not there many long".split()
)


def language_of(text: str) -> str:
    """The language of a question: "en", "de", "fr" or "es"; English where nothing else is clear."""
    words = re.findall(r"[^\W\d_]+(?:['’-][^\W\d_]+)*", text.casefold())
    english = sum(word in _ENGLISH for word in words)
    scores = {
        language: sum(word in small for word in words) for language, small in _SETS.items()
    }
    if re.search(r"[äöüß]", text.casefold()):
        scores["de"] += 1
    if re.search(r"[àâçèêîôûœ]|\b[ldqjsn]['’]", text.casefold()):
        scores["fr"] += 1
    if re.search(r"[¿¡ñáíóú]", text.casefold()):
        scores["es"] += 1
    best = max(scores, key=lambda language: scores[language])
    return best if scores[best] >= 2 and scores[best] > english else "en"


def into_english(text: str, language: str) -> str:
    """`text` with the words listed for `language` put into English; English stays as it is."""
    table = _TABLES.get(language)
    if table is None:
        return text
    phrases = sorted((key for key in table if " " in key), key=len, reverse=True)
    for phrase in phrases:
        text = re.sub(rf"\b{phrase}\b", table[phrase], text, flags=re.IGNORECASE)
    return re.sub(
        r"[^\W\d_]+(?:-[^\W\d_]+)*",
        lambda match: table.get(match.group().casefold(), match.group()),
        text,
    )
