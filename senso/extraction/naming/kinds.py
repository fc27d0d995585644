"""Words that say what kind of organisation something is. A name of these words alone identifies no organisation."""

import re
from collections.abc import Sequence
from itertools import accumulate

WORD = re.compile(r"\w+")
# In the compared form: small letters without accents.
KINDS = frozenset(
    WORD.findall(
        """
        the an of and for in at by on
        bank banks banking credit union unions savings loan loans mortgage mortgages lender lending finance financial
        insurance insurer assurance mutual federal national state international online cu fcu ccu
        company companies co corp corporation inc limited llc ltd plc group holding holdings firm agency partners store
        stores shop brand brands enterprises ventures capital industries international worldwide global
        service services solutions system systems technology technologies tech software labs studio studios media
        foundation fund trust society institute institution hospital university college school organisation
        organization association council committee church
        health healthcare medical clinic clinics dental pharma pharmaceuticals pharmacy care
        air airline airlines airways motors motor auto automotive energy power electric electronics foods food
        hotel hotels resort resorts restaurant restaurants cafe travel tours logistics transport shipping
        real estate realty properties homes construction engineering consulting law legal

        der die das und fur von vom zu banken sparkasse sparkassen versicherung versicherungen krankenkasse gruppe
        stadtwerke verlag werke genossenschaft volksbank bausparkasse
        le la les et de du des pour banque assurance assurances groupe societe mutuelle compagnie caisse
        el los las y banco bancos caja seguros seguro grupo sociedad compania universidad cooperativa
        il lo gli di del della banca assicurazioni gruppo societa
        os as do da dos das seguradora companhia
        het een verzekeringen verzekering groep maatschappij
        bankasi bankas sigorta holdingi grubu ve ubezpieczenia grupa spolka towarzystwo banka pojistovna
        tmcp tnhh ngan
        банк группа страхование компания холдинг
        بنك مصرف شركة مجموعة בנק קבוצת
        은행 보험 그룹 홀딩스 카드 전자
        """
    )
)
# Of names that are written without spaces: what ends them.
ENDINGS = re.compile(
    "(?:银行|銀行|保险|保險|保険|集团|集團|控股|公司|科技|技术|技術|股份|有限|證券|证券|基金|电子|電子|汽车|汽車|大学|"
    "ホールディングス|グループ|カンパニー|コーポレーション|株式会社|ธนาคาร|은행|보험|그룹|홀딩스|카드|전자|"
    "バンク|カード|製薬|自動車|商事|物産|不動産|生命|損保)+$"
)


def distinctive(tokens: Sequence[str]) -> list[str]:
    """The tokens that say which organisation is meant; Chinese characters are tokens each."""
    glued = "".join(tokens)
    if not glued.isascii() and (found := ENDINGS.search(glued)):
        starts = accumulate(map(len, tokens), initial=-found.start())
        tokens = [token[:-start] for token, start in zip(tokens, starts, strict=False) if start < 0]
    return [token for token in tokens if token not in KINDS]
