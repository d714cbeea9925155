//go:build duckdb_arrow

package model_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/pingone-gateway/gateway/odata/odatatest"
)

// TestValues computes expressions in the engine. What each must be was taken from the
// specification, whose section stands before it; values are as JSON.
//
// The row has Title "milk", Pages 1, Price 0.25, InPrint false, BoughtAt
// 2024-01-02T00:00:00.001Z, Tags ["a","b"], and no Summary and Extra.
//
// Source: OData 4.01 Part 2, section 5.1.1.
func TestValues(t *testing.T) {
	t.Parallel()
	lib := odatatest.New(4)
	e := newEngine(t, lib)
	section := ""
	for _, c := range []struct{ expression, want string }{
		{"5.1.1.1 logic", ""},
		{"null eq null", "true"},
		{"null ne null", "false"},
		{"null ge null", "true"},
		{"null le null", "true"},
		{"null gt null", "false"},
		{"Summary eq null", "true"},
		{"Summary ne 'x'", "true"},
		{"Summary eq 'x'", "false"},
		{"Summary lt 'x'", "false"},
		{"Summary ge Extra", "true"},
		{"Summary ge Title", "false"},
		{"Title ge Summary", "false"},
		{"Summary eq Extra", "true"},
		{"Summary ne Extra", "false"},
		{"NaN eq NaN", "false"},
		{"NaN ne NaN", "true"},
		{"Price lt NaN", "false"},
		{"Price div 0 eq Price div 0", "true"}, // INF
		{"(0e0 div 0e0) eq (0e0 div 0e0)", "false"},
		{"(0e0 div 0e0) ne 1", "true"},
		{"(0e0 div 0e0) gt 1", "false"},
		{"INF gt 1.7e308", "true"},
		{"-INF lt -1.7e308", "true"},
		{"-(0e0 div (Price sub 0.25)) gt 1", "false"},
		{"case(Pages eq 1:0e0 div (Price sub 0.25),true:1.5) gt 1", "false"},
		{"round(0e0 div (Price sub 0.25)) ne round(0e0 div (Price sub 0.25))", "true"},
		{"true and null", "null"},
		{"false and null", "false"},
		{"true or null", "true"},
		{"false or null", "null"},
		{"not null", "null"},
		{"not (Summary gt 'x')", "true"},
		{"Title in ('Milk','milk')", "true"},
		{"Summary in ('x',null)", "true"},
		{"Summary in ('x')", "false"},
		{"null in ('x')", "false"},
		{"null in (null)", "true"},
		{"Pages in (1.0)", "true"},
		{"Price in (NaN,0.25)", "true"},
		{"'a' in Tags", "true"},
		{"'z' in Tags", "false"},
		{"Summary in Tags", "false"},
		{"Title gt 'Milk'", "true"}, // by code point
		{"'Z' lt 'a'", "true"},
		{"2024-01-01 lt 2024-01-01T00:00:00.001Z", "true"},
		{"2024-01-01 eq 2024-01-01T00:00:00Z", "true"},
		{"date(BoughtAt) lt BoughtAt", "true"},

		{"5.1.1.2 arithmetic", ""},
		{"7 div 2", "3"},
		{"-7 div 2", "-3"},
		{"7 div -2", "-3"},
		{"(-Pages sub 6) div 2", "-3"}, // -7
		{"7 mod 2", "1"},
		{"-7 mod 2", "-1"},
		{"7 mod -2", "1"},
		{"7 divby 2", "3.5"},
		{"7.5 div 2", "3.75"},
		{"7.5 mod 2", "1.5"},
		{"5 sub 7", "-2"},
		{"2 add 3 mul 4", "14"},
		{"(2 add 3) mul 4", "20"},
		{"10 sub 3 sub 2", "5"},
		{"-Pages", "-1"},
		{"-(-Pages)", "1"},
		{"-Price", "-0.25"},
		{"Pages add null", "null"},
		{"Pages div (Pages sub 1)", "null"},
		{"Pages mod (Pages sub 1)", "null"},
		{"9223372036854775807 add 1", "null"}, // larger than any Edm.Int64
		{"9223372036854775807 add 1 sub 1", "9223372036854775807"},
		{"9223372036854775806 add 1", "9223372036854775807"},
		{"0.1 add 0.2 eq 0.3", "true"}, // Edm.Decimal is exact
		{"Price add 0.5", "0.75"},
		{"Pages mul 1.5", "1.5"},
		{"2024-01-31 add duration'P1D'", `"2024-02-01"`},
		{"2024-03-01 sub duration'P1D'", `"2024-02-29"`},
		{"2024-01-01T23:59:59Z add duration'PT1S'", `"2024-01-02 00:00:00+00"`},
		{"date(BoughtAt) sub 2023-12-31 eq duration'P2D'", "true"},
		{"2024-01-01 sub 2024-01-02", `"-PT86400.000000S"`},
		{"BoughtAt sub 2024-01-01T00:00:00Z", `"PT86400.001000S"`},
		{"9999-12-31 sub 12024-01-01", "null"}, // beyond the engine's dates
		{"BoughtAt sub -0044-03-15T00:00:00Z", "null"},
		{"BoughtAt lt 12024-01-01T00:00:00Z and BoughtAt gt -0044-03-15", "true"},
		{"date(BoughtAt) lt 12024-01-01", "true"},
		{"duration'PT1H' mul 2", `"PT7200.000000S"`},
		{"2 mul duration'PT1H'", `"PT7200.000000S"`},
		{"duration'PT1H' div 4", `"PT900.000000S"`},
		{"duration'PT1H' mul -1.5", `"-PT5400.000000S"`},
		{"duration'PT1H' mul Pages", `"PT3600.000000S"`},
		{"-duration'PT1H'", `"-PT3600.000000S"`},
		{"duration'PT1H' add duration'PT1M' sub duration'PT1S'", `"PT3659.000000S"`},

		{"5.1.1.5 strings", ""},
		{"concat(concat('a','b'),'c')", `"abc"`},
		{"concat('a',null)", "null"},
		{"contains('abc','')", "true"},
		{"contains('abc','bc')", "true"},
		{"contains('abc','BC')", "false"},
		{"contains('a%c','%')", "true"},
		{"contains('abc','_')", "false"},
		{"startswith('abc','ab')", "true"},
		{"endswith('abc','ab')", "false"},
		{"endswith(Summary,'x')", "null"},
		{"indexof('abcb','b')", "1"},
		{"indexof('abc','x')", "-1"},
		{"indexof('abc','')", "0"},
		{"indexof('üäö','ö')", "2"},
		{"length('üäö')", "3"},
		{"length('😀')", "1"},
		{"length('')", "0"},
		{"substring('abcd',0)", `"abcd"`},
		{"substring('abcd',1)", `"bcd"`},
		{"substring('abcd',4)", `""`},
		{"substring('abcd',9)", `""`},
		{"substring('abcd',-2)", `"cd"`}, // from the end
		{"substring('abcd',-9)", `"abcd"`},
		{"substring('abcd',1,2)", `"bc"`},
		{"substring('abcd',1,9)", `"bcd"`},
		{"substring('abcd',1,0)", `""`},
		{"substring('abcd',1,-1)", `""`},
		{"substring('abcd',-3,2)", `"bc"`},
		{"substring('ü😀x',1,1)", `"😀"`},
		{"tolower('ÀB')", `"àb"`},
		{"toupper('àb')", `"ÀB"`},
		{"trim(' \u00a0a b\u2003\t')", `"a b"`},
		{"matchesPattern('abc','^a.c$')", "true"},
		{"matchesPattern('xabcx','a.c')", "true"},
		{"matchesPattern('ABC','a.c')", "false"},
		{"matchesPattern('ABC','a.c','i')", "true"},
		{"matchesPattern('a\nb','a.b')", "false"},
		{"matchesPattern('a\nb','a.b','s')", "true"},
		{"matchesPattern('a\nb','^b','m')", "true"},
		{"matchesPattern(Summary,'a')", "null"},
		{"matchesPattern(Summary,'a') ne true", "true"},
		{"contains(Summary,'a') eq null", "true"},
		{"substring('abcd',2147483647)", `""`},
		{"substring('abcd',1,9223372036854775807)", `"bcd"`},
		{"substring('abcd',-9223372036854775808)", `"abcd"`},

		{"5.1.1.6 collections", ""},
		{"hassubset(Tags,['a'])", "true"},
		{"hassubset(Tags,['b','a'])", "true"},
		{"hassubset(Tags,['a','a'])", "false"},
		{"hassubset(Tags,[])", "true"},
		{"hassubset(['a','b','a'],['a','a'])", "true"},
		{"hassubset(['a','b'],Tags)", "true"},
		{"hassubset(['a'],Tags)", "false"},
		{"hassubset(Tags,Tags)", "true"},
		{"hassubsequence(Tags,['a','b'])", "true"},
		{"hassubsequence(Tags,['b','a'])", "false"},
		{"hassubsequence(Tags,[])", "true"},
		{"hassubsequence(['a','x','b'],['a','b'])", "true"},
		{"hassubsequence(['ab'],['a','b'])", "false"},
		{"hassubsequence(['ab','c'],['b','c'])", "false"},
		{"hassubsequence(['a','b'],['a.'])", "false"},
		{"Tags/$count", "2"},
		{"Tags/$count($filter=$this gt 'a')", "1"},
		{"Tags/$count($search=B)", "1"},
		{"Tags/any()", "true"},
		{"Tags/any(x:x eq 'a')", "true"},
		{"Tags/all(x:x eq 'a')", "false"},
		{"Tags/all(x:x lt 'z')", "true"},
		{"Tags/any(x:x eq Summary)", "false"},
		{"Tags/all(x:x gt Summary)", "false"},

		{"5.1.1.7 dates and times", ""},
		{"year(2024-12-31T23:59:59.5Z)", "2024"},
		{"month(2024-12-31)", "12"},
		{"day(BoughtAt)", "2"},
		{"hour(2024-12-31T23:59:58.5Z)", "23"},
		{"minute(23:59:58)", "59"},
		{"second(23:59:58.75)", "58"},
		{"fractionalseconds(2024-12-31T23:59:58.5Z)", "0.5"},
		{"fractionalseconds(23:59:58.75)", "0.75"},
		{"fractionalseconds(BoughtAt)", "0.001"},
		{"date(2024-12-31T23:59:58.5Z)", `"2024-12-31"`},
		{"time(2024-12-31T23:59:58.5Z)", `"23:59:58.5"`},
		{"totaloffsetminutes(BoughtAt)", "0"},
		{"totalseconds(duration'PT1M0.5S')", "60.5"},
		{"totalseconds(-duration'PT1M')", "-60.0"},
		{"mindatetime() lt BoughtAt and BoughtAt lt maxdatetime()", "true"},
		{"now()", `"2026-01-02 03:04:05+00"`},

		{"5.1.1.9 numbers", ""},
		{"round(2.5)", "3.0"},
		{"round(-2.5)", "-3.0"},
		{"round(2.5e0)", "3.0"},
		{"round(-2.5e0)", "-3.0"},
		{"round(0.49999999999999994e0)", "0.0"},
		{"floor(-2.5)", "-3.0"},
		{"floor(2.5e0)", "2.0"},
		{"ceiling(-2.5)", "-2.0"},
		{"ceiling(2.1e0)", "3.0"},
		{"ceiling(Pages)", "1"},

		{"5.1.1.10 types", ""},
		{"cast(2.9,Edm.Int32)", "2"},
		{"cast(-2.9,Edm.Int32)", "-2"},
		{"cast(2.9e0,Edm.Int64)", "2"},
		{"cast(3000000000,Edm.Int32)", "null"},
		{"cast(40000,Edm.Int16)", "null"},
		{"cast('12',Edm.Int32)", "12"},
		{"cast('x',Edm.Int32)", "null"},
		{"cast('1.25',Edm.Decimal) eq 1.25", "true"},
		{"cast('1e3',Edm.Double)", "1000.0"},
		{"cast('true',Edm.Boolean)", "true"},
		{"cast(true,Edm.String)", `"true"`},
		{"cast(Pages,Edm.String)", `"1"`},
		{"cast(BoughtAt,Edm.String)", `"2024-01-02T00:00:00.001Z"`},
		{"cast(BoughtAt,Edm.Date)", `"2024-01-02"`},
		{"cast(date(BoughtAt),Edm.DateTimeOffset)", `"2024-01-02 00:00:00+00"`},
		{"cast('2024-01-02',Edm.Date)", `"2024-01-02"`},
		{"cast('2024-01-02T03:04:05Z',Edm.DateTimeOffset)", `"2024-01-02 03:04:05+00"`},
		{"cast(Id,Edm.String)", `"b00c0000-0000-4000-8000-000000000001"`},
		{"cast('B00C0000-0000-4000-8000-000000000001',Edm.Guid)", `"b00c0000-0000-4000-8000-000000000001"`},
		{"cast('B00C0000-0000-4000-8000-000000000001',Edm.Guid) eq Id", "true"},
		{"cast('x',Edm.Guid)", "null"},
		{"cast(null,Edm.String)", "null"},
		{"isof(Pages,Edm.Int32)", "true"},
		{"isof(Title,Edm.Int32)", "false"},
		{"isof(Summary,Edm.String)", "false"},
		{"isof(null,Edm.String)", "false"},
		{"isof(Tags,Collection(Edm.String))", "true"},
		{"isof(Library.Book)", "true"},
		{"isof(Library.Shelf)", "false"},

		{"5.1.1.12 case", ""},
		{"case(false:1,true:2)", "2"},
		{"case(null:1,true:2)", "2"},
		{"case(false:1)", "null"},
		{"case(InPrint:'a',Pages eq 1:'b',true:'c')", `"b"`},
		{"case(true:1,true:2.5)", "1.0"},
		{"case(Summary eq null:null,true:'x')", "null"},
	} {
		if c.want == "" {
			section = c.expression
			continue
		}
		r, err := bind(t, withBook("Books({book})?$select=X&$compute="+strings.ReplaceAll(url.QueryEscape(c.expression), "+", "%20")+"%20as%20X"))
		if err != nil {
			t.Errorf("%s: %s: %v", section, c.expression, err)
			continue
		}
		rows, problem := e.texts(t, "SELECT X FROM ("+filledIn(r.Statement(nil, -1))+")")
		if problem != "" || len(rows) != 1 || rows[0] != `{"X":`+c.want+`}` {
			t.Errorf("%s: %s is %s, not %s %s", section, c.expression, rows, c.want, problem)
		}
	}
}
