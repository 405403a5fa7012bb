"""Routes about sites, banks and doors: everybody may ask, staff see who holds what."""

from fastapi import APIRouter

from locker_app.api.answers.places import BankAnswer, BankCountsAnswer, SiteAnswer
from locker_app.api.asked import PathId
from locker_app.api.caller import Anyone
from locker_app.api.openapi import problems
from locker_app.queries import scoped

router = APIRouter(tags=["places"])


@router.get("/sites")
async def sites(who: Anyone) -> list[SiteAnswer]:
    """All sites."""
    return [SiteAnswer.model_validate(site) for site in await who.read(scoped.all_sites)]


@router.get("/sites/{site_id}/banks", responses=problems(404))
async def banks(site_id: PathId, who: Anyone) -> list[BankCountsAnswer]:
    """The banks of a site, and how full each is."""
    counts = await who.read(scoped.banks_of_site, site_id)
    return [BankCountsAnswer.model_validate(bank) for bank in counts]


@router.get("/banks/{bank_id}/lockers", responses=problems(404))
async def lockers(bank_id: PathId, who: Anyone) -> BankAnswer:
    """The doors of a bank; for staff who may see names, with who has them."""
    bank, holders = await who.read(scoped.bank_with_holders, bank_id)
    return BankAnswer.of(bank, holders)
