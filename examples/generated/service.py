"""A small service over the tables and queries of queries.ms, by way of the module that was generated from them.

    python -m examples.generated.service

No query is parsed when this runs; mypy has checked every call.
"""

from datetime import date

from examples.generated import queries
from examples.generated.queries import User, Visit


def main() -> None:
    users = queries.new_users()
    users.insert(
        [
            User(1, "Ada", 36, date(2020, 1, 1), ("admin",)),
            User(2, "Bob", 17, date(2024, 5, 1)),
            User(12, "Cleo", None, date(2022, 3, 1)),
        ]
    )
    visits = queries.new_visits()
    visits.insert([Visit(1, "docs", 312.0), Visit(2, "docs", 20.0), Visit(1, "blog", 95.5)])

    print("adults:", queries.adults(users))
    print("older than 16:", queries.adults(users, 16))
    print("long visits:", queries.long_visits(visits, 60.0, ["docs", "blog"]))
    print("labels:", list(queries.labels(users)))
    print("joined since 2022:", queries.joined_since(users, date(2022, 1, 1)))
    print("birthdays:", queries.birthday(users, "Bob"), users.lookup(2))
    print("named Ada:", queries.named(users, "Ada"))
    print("forgotten:", queries.visits_of(visits, 1), "left:", len(visits))


if __name__ == "__main__":
    main()
