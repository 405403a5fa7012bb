"""Headings of a table of people: in which column what is, by the words that people use for it."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from locker_app.domain.errors import BadInput

MAX_COLUMNS = 60


class Field(StrEnum):
    """What a column can be."""

    NUMBER = "number"
    NAME = "name"
    FIRST = "first"
    LAST = "last"
    PIN = "pin"
    ACCESSIBLE = "accessible"


_SPELLINGS: dict[Field, str] = {
    Field.NUMBER: """
        number | no | nr | num | id | person id | user id | username | login | account
        enrolment number | enrollment number | enrolment no | enrollment no | enrolment | enrollment
        enrolment id | enrollment id | student number | student no | student nr | student id
        student id number | studentid | registration number | registration no | reg no | regno
        roll number | roll no | rollno | matriculation number | matriculation no | matric no
        matric number | index number | membership number | member number | member id | card number
        library number | library card | barcode | ucid | university id | campus id | sid
        nummer | matrikelnummer | matrikel nr | matrikelnr | matrnr | matr nr | matrikel
        mtknr | martrikelnummer | immatrikulationsnummer | studierendennummer | studentennummer
        benutzernummer | ausweisnummer | bibliotheksnummer | mitgliedsnummer | personalnummer
        kennung | benutzername
        numero | numero etudiant | numero d etudiant | no etudiant | n etudiant | num etudiant
        numero de matricule | matricule | numero d inscription | code etudiant | identifiant
        numero de matricula | matricula | no de matricula | numero de estudiante | num estudiante
        codigo | codigo de estudiante | expediente | numero de expediente | legajo | identificador
        numero di matricola | matricola | numero matricola | n matricola | codice studente
        numero de aluno | numero do aluno | n aluno | ra | registro academico | numero mecanografico
        studentnummer | leerlingnummer | stamnummer | inschrijvingsnummer
        numer | numer albumu | nr albumu | numer indeksu | nr indeksu
        studentnumero | opiskelijanumero | studienummer | matrikelnummer
        ogrenci no | ogrenci numarasi | okul no | numara
        номер | номер студента | студенческий номер | номер зачетки | αριθμος μητρωου | αμ
        学号 | 學號 | 学籍番号 | 学生番号 | 학번 | नामांकन संख्या | अनुक्रमांक
    """,
    Field.NAME: """
        name | full name | fullname | student name | person | display name | displayname
        name of student | first and last name | given and family name
        voller name | vollstandiger name | studierende | studierender 
        vor und nachname | vor und zuname
        nom complet | nom et prenom | nom prenom | prenom et nom
        nombre completo | nombre y apellidos | apellidos y nombre | apellidos y nombres
        nome completo | nome e cognome | cognome e nome | nominativo | nome e apelido
        volledige naam | naam | imie i nazwisko | nazwisko i imie | nimi | navn | namn
        ad soyad | adi soyadi | имя | фио | ονοματεπωνυμο | 姓名 | 氏名 | 이름 | 성명 | नाम
    """,
    Field.FIRST: """
        first name | firstname | first | given name | givenname | given names | forename | forenames
        vorname | vornamen | rufname | prenom | prenoms | nombre | nombres | nome | primeiro nome
        voornaam | roepnaam | imie | imiona | etunimi | fornavn | fornamn | ad | adi | 名
    """,
    Field.LAST: """
        last name | lastname | last | surname | family name | familyname
        nachname | familienname | zuname | nom | nom de famille | apellido | apellidos | cognome
        apelido | apelidos | sobrenome | achternaam | familienaam | nazwisko | sukunimi | efternavn
        etternavn | efternamn | soyad | soyadi | фамилия | επωνυμο | 姓
    """,
    Field.PIN: """
        pin | pin code | pincode | pin number | pin nr | pin no | code pin | codigo pin | codice pin
        pin nummer | pinkod | geheimzahl
    """,
    Field.ACCESSIBLE: """
        accessible | accessibility | accessible locker | accessible height | wheelchair | low
        needs accessible | reachable | step free | disabled access
        barrierefrei | barrierefreiheit | rollstuhl | erreichbar | niedrig
        accessibilite | pmr | fauteuil roulant | accesible | accesibilidad | silla de ruedas
        accessibile | accessibilita | acessivel | acessibilidade | cadeira de rodas
        toegankelijk | rolstoel | dostepny | dostepnosc | engelli | erisilebilir
    """,
}


def _plain(text: str) -> str:
    """A heading in small letters, without accents, points and dashes."""
    text = re.sub(r"\bn\s?[°º]|№|#", " no ", text.casefold())
    bare = "".join(
        letter
        for letter in unicodedata.normalize("NFKD", text)
        if not unicodedata.combining(letter) or ord(letter) > 0x36F  # signs of Indic scripts stay
    )
    bare = bare.replace("ı", "i").replace("ł", "l").replace("ø", "o")
    return " ".join(re.findall(r"[\w\u0900-\u097f]+", bare.replace("_", " ")))


_KNOWN: dict[str, Field] = {
    _plain(spelling): field
    for field, spellings in _SPELLINGS.items()
    for spelling in re.split(r"[|\n]", spellings)
    if spelling.strip()
}


@dataclass(frozen=True, slots=True)
class Columns:
    """Which column has what, counted from 0, and whether the first record is the head."""

    where: Mapping[str, int]
    head: bool = True

    @property
    def complete(self) -> bool:
        """Whether people can be read by them: a number, and some kind of name."""
        names = {Field.NAME.value, Field.FIRST.value, Field.LAST.value}
        return Field.NUMBER.value in self.where and bool(names & self.where.keys())


def recognise(head: Sequence[str]) -> Columns:
    """What each column is by its heading; the first of two that are called the same."""
    where: dict[str, int] = {}
    for index, heading in enumerate(head[:MAX_COLUMNS]):
        field = _KNOWN.get(_plain(heading[:100]))
        if field is not None:
            where.setdefault(field.value, index)
    if Field.FIRST in where and Field.NAME in where and Field.LAST not in where:
        where[Field.LAST.value] = where.pop(Field.NAME.value)  # "Name; Vorname"
    if Field.FIRST in where and Field.LAST not in where and Field.NAME not in where:
        where[Field.NAME.value] = where.pop(Field.FIRST.value)  # "nome", "nombre" alone
    if len(where) < 2 and any(map(_has_digit, head)):
        return Columns({}, head=False)  # a person already, of whose cells one says "no"
    return Columns(where)


def known_headings(head: Sequence[str]) -> int:
    """How many of these headings are known."""
    return len(recognise(head).where)


def _has_digit(text: str) -> bool:
    return any(letter.isdigit() for letter in text)


def check_columns(where: Mapping[str, int], width: int, *, head: bool) -> Columns:
    """The columns as they were chosen by hand.

    Raises:
        BadInput: a number or a name is missing, or one column is to be two things.
    """
    known = {field.value for field in Field}
    if not where.keys() <= known or any(not 0 <= index < width for index in where.values()):
        raise BadInput("Choose among the columns of the file.", field="columns")
    columns = Columns(dict(where), head)
    if Field.NUMBER not in where:
        raise BadInput("Choose the column that has the enrolment number.", field="number")
    if not columns.complete:
        raise BadInput("Choose the column that has the name.", field="name")
    if len({*where.values()}) < len(where):
        raise BadInput("One column can't be two things.", field="columns")
    return columns
