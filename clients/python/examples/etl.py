"""Contractors with the groups they are in, to a CSV file, with petl.

pip install 'sqlalchemy-pingone[binary]' petl
python etl.py 'Server=127.0.0.1:5433' contractors.csv
"""

import sys

import petl

from sqlalchemy_pingone import connect

QUERY = """
    SELECT u.Username, u.Email, g.Name AS GroupName
    FROM Users u
    JOIN UserGroupAssociations m ON m.UserId = u.Id
    JOIN Groups g ON g.Id = m.GroupId
    WHERE u.EmployeeType = 'Contractor'
"""


def main(address: str, file: str) -> int:
    with connect(address) as connection:
        rows = petl.fromdb(connection, QUERY)
        people = petl.aggregate(
            rows, ("Username", "Email"), {"groups": ("GroupName", lambda v: ";".join(sorted(v)))}
        )
        petl.tocsv(petl.sort(people, "Username"), file)
    return petl.nrows(petl.fromcsv(file))


if __name__ == "__main__":
    print(main(*sys.argv[1:]), "people")
