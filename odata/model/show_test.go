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
