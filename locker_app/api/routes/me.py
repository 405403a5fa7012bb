"""Routes about whoever asks."""

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from locker_app.api.answers.me import MeAnswer, PreferencesAnswer
from locker_app.api.asked import Preferences
from locker_app.api.caller import Anyone
from locker_app.api.openapi import problems
from locker_app.api.routes.people import as_file
from locker_app.queries import scoped, scoped_people
from locker_app.services.people import change_preferences

router = APIRouter(prefix="/me", tags=["me"])


@router.get("", responses=problems(401))
async def me(who: Anyone) -> MeAnswer:
    """Who is signed in, with the lockers and waiting lists that are theirs."""
    return MeAnswer.of(await who.read(scoped.me))


@router.put("/preferences", responses=problems(401, 403, 429))
async def put_preferences(asked: Preferences, who: Anyone) -> PreferencesAnswer:
    """Say what kind of locker is preferred."""
    await who.run(change_preferences, accessible=asked.accessible, near_last=asked.near_last)
    return PreferencesAnswer(accessible=asked.accessible, near_last=asked.near_last)


@router.get(
    "/data",
    response_class=JSONResponse,
    responses={200: {"content": {"application/json": {"schema": {"type": "object"}}}}}
    | problems(401, 403),
)
async def own_data(who: Anyone) -> JSONResponse:
    """All that is known of the person who asks."""
    return as_file(await who.read(scoped_people.own_data))
