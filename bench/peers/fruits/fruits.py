"""The catalogue's list, get and add, written as a Python team does today: FastAPI, SQLAlchemy 2's asynchronous ORM, asyncpg.

What is tuned is what such a team tunes, always in favour of this service: `README.md` beside this file says what and why.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException, Path, Response, status
from pydantic import BaseModel, ConfigDict, StringConstraints
from sqlalchemy import BigInteger, CheckConstraint, Identity, Text, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

ID_MAX = 2**53 - 1

engine = create_async_engine(
    os.environ["DATABASE_URL"],
    # Each request is one statement, and so a transaction by itself: saves BEGIN and COMMIT, two round trips of three.
    isolation_level="AUTOCOMMIT",
    # As many as there are requests under way, should one worker have them all: none waits for a connection.
    pool_size=16,
    max_overflow=0,
)
sessions = async_sessionmaker(engine, expire_on_commit=False)


class Base(DeclarativeBase):
    pass


class Fruit(Base):
    __tablename__ = "fruits"
    __table_args__ = (
        CheckConstraint(f"id BETWEEN 1 AND {ID_MAX}", name="fruits_id_range"),
        CheckConstraint("char_length(fruit) BETWEEN 1 AND 100", name="fruits_fruit_length"),
        CheckConstraint("char_length(color) BETWEEN 1 AND 100", name="fruits_color_length"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    fruit: Mapped[str] = mapped_column(Text)
    color: Mapped[str] = mapped_column(Text)


Label = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]


class NewFruit(BaseModel):
    model_config = ConfigDict(extra="forbid")

    fruit: Label
    color: Label


class FruitAnswer(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: int
    fruit: str
    color: str


async def open_session() -> AsyncIterator[AsyncSession]:
    async with sessions() as session:
        yield session


Session = Annotated[AsyncSession, Depends(open_session)]


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
    yield
    await engine.dispose()


app = FastAPI(lifespan=lifespan)


@app.get("/fruits", response_model=list[FruitAnswer])
async def list_fruits(session: Session) -> Sequence[Fruit]:
    return (await session.scalars(select(Fruit).order_by(Fruit.id))).all()


@app.get("/fruits/{id}", response_model=FruitAnswer)
async def get_fruit(id: Annotated[int, Path(ge=1, le=ID_MAX)], session: Session) -> Fruit:
    fruit = await session.get(Fruit, id)
    if fruit is None:
        raise HTTPException(status.HTTP_404_NOT_FOUND, "There is no such fruit.")
    return fruit


@app.post("/fruits", response_model=FruitAnswer, status_code=status.HTTP_201_CREATED)
async def add_fruit(new: NewFruit, session: Session, response: Response) -> Fruit:
    fruit = Fruit(**new.model_dump())
    session.add(fruit)
    await session.commit()
    response.headers["Location"] = f"/fruits/{fruit.id}"
    return fruit


async def create_tables() -> None:
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)


if __name__ == "__main__":
    asyncio.run(create_tables())
