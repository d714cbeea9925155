package model_test

import "testing"

// The statement that a feed's address becomes for people.
func TestSQL(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"Books":                             `SELECT * FROM "Main"."Books"`,
		"Books?$select=Title,Pages&$top=3":  `SELECT "Title", "Pages" FROM "Main"."Books" LIMIT 3`,
		"Books?$orderby=Title desc":         `SELECT * FROM "Main"."Books" ORDER BY "Title" DESC NULLS LAST, "Id" ASC NULLS FIRST`,
		"Books?$filter=contains(Title,'x')": `SELECT * FROM "Main"."Books" WHERE contains("Title", 'x')`,
		// A condition of plain words is written in them.
		"Books?$filter=Title eq 'a''b' or Title eq 'c'": `SELECT * FROM "Main"."Books" WHERE ("Title" = 'a''b' OR "Title" = 'c')`,
		"Books?$filter=Title eq '\"Books\".x'&$skip=4":  `SELECT * FROM "Main"."Books" WHERE "Title" = '"Books".x' OFFSET 4`,
		"Books?$filter=not (Title eq 'a')":              `SELECT * FROM "Main"."Books" WHERE ("Title" <> 'a' OR "Title" IS NULL)`,
		"Books?$filter=Title ne 'a'":                    `SELECT * FROM "Main"."Books" WHERE ("Title" <> 'a' OR "Title" IS NULL)`,
		"Books?$filter=Title eq null":                   `SELECT * FROM "Main"."Books" WHERE "Title" IS NULL`,
		"Books?$filter=Title eq 'c' and Pages gt 3":     `SELECT * FROM "Main"."Books" WHERE ("Title" = 'c' AND "Pages" > 3)`,
		// What plain words can't say is said whole, and once.
		"Books?$filter=Title eq 'c' and length(Title) gt 3": `SELECT * FROM "Main"."Books" WHERE (("Title" IS NOT DISTINCT FROM 'c') AND COALESCE(length("Title") > 3, FALSE))`,
		"Loans?$select=Reader&$filter=Book/Title eq '$p1_'": `SELECT "Loans"."Reader" FROM "Main"."Loans" LEFT JOIN "Main"."Books" AS n1_ ON n1_."Id" = "Loans"."BookId" ` +
			`WHERE (n1_."Title" IS NOT DISTINCT FROM '$p1_') ORDER BY "Loans"."BookId" ASC NULLS FIRST, "Loans"."Number" ASC NULLS FIRST`,
		// Transformed rows are no rows of the table.
		"Books?$apply=aggregate($count as n)": "",
	} {
		r, err := bind(t, address)
		if err != nil {
			t.Errorf("%s: %v", address, err)
			continue
		}
		if got := r.SQL(); got != want {
			t.Errorf("%s\n got %s\nwant %s", address, got, want)
		}
	}
}

// TestSQLOfOtherAddresses: what leads over other rows, or is no feed, is not a statement
// over a table; a search is one, and so are no rows.
func TestSQLOfOtherAddresses(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"":                                      "",
		"$metadata":                             "",
		"$all":                                  "",
		"Books/$count":                          "",
		"Books({book})":                         "",
		"Books({book})/Title":                   "",
		"Books({book})/Loans":                   "",
		"$crossjoin(Books,Shelves)":             "",
		"Books?$compute=1 as One":               "",
		"Books?$select=Tags($top=1)":            "",
		"Books?$top=0":                          `SELECT * FROM "Main"."Books" LIMIT 0`,
		"Books?$skip=0":                         `SELECT * FROM "Main"."Books" OFFSET 0`,
		"Books?$top=2&$skip=3&$count=true":      `SELECT * FROM "Main"."Books" LIMIT 2 OFFSET 3`,
		"Books?$select=*":                       `SELECT "Id", "Title", "Author", "Pages", "Sold", "Price", "InPrint", "BoughtAt", "Tags", "Extra", "Summary", "ShelfId" FROM "Main"."Books"`,
		"Books?$select=Title&$expand=Shelf":     `SELECT "Title" FROM "Main"."Books"`,
		"Books?$filter=Title in ('a','b',null)": `SELECT * FROM "Main"."Books" WHERE ("Title" IN ('a', 'b') OR "Title" IS NULL)`,
		"Books?$filter=Title eq 'Books'":        `SELECT * FROM "Main"."Books" WHERE "Title" = 'Books'`,
		"Books?$filter=not startswith(Title,'it''s')&$orderby=Pages": `SELECT * FROM "Main"."Books" WHERE (NOT starts_with("Title", 'it''s')) ORDER BY "Pages" ASC NULLS FIRST, "Id" ASC NULLS FIRST`,
		"Books?$search=x":     `SELECT * FROM "Main"."Books" WHERE contains(lower(concat_ws(chr(31), '', "Title", "Author", "Summary")), lower('x'))`,
		"Books?$filter=false": `SELECT * FROM "Main"."Books" WHERE FALSE`,
		"Loans?$filter=Book/Title eq null&$top=1": `SELECT "Loans".* FROM "Main"."Loans" LEFT JOIN "Main"."Books" AS n1_ ON n1_."Id" = "Loans"."BookId" WHERE (n1_."Title" IS NULL)` +
			` ORDER BY "Loans"."BookId" ASC NULLS FIRST, "Loans"."Number" ASC NULLS FIRST LIMIT 1`,
	} {
		r, err := bind(t, withBook(address))
		if err != nil {
			t.Errorf("%s: %v", address, err)
		} else if got := r.SQL(); got != want {
			t.Errorf("%s\n got %s\nwant %s", address, got, want)
		}
	}
}
