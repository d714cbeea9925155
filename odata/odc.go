package odata

import (
	"context"
	"html"
	"net/http"
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
)

// officeSuffix ends the name of an Office data connection.
const officeSuffix = ".odc"

// officeName splits the address of such a file, below the prefix, into a schema and an
// entity set, which may be "".
func officeName(schema, rest string) (inSchema, set string, ok bool) {
	if rest == "" {
		inSchema, ok = strings.CutSuffix(schema, officeSuffix)
		return inSchema, "", ok
	}
	set, ok = strings.CutSuffix(rest, officeSuffix)
	return schema, set, ok && !strings.ContainsAny(set, "/(")
}

// officeFile answers the file that opens Excel on a service, or on one of its entity
// sets: a query of Power Query, which asks for credentials itself.
//
// Source: MS-ODCFF, section 2 (PowerQueryConnection, PowerQueryMashupData).
func (q *request) officeFile(ctx context.Context, schema, set string) error {
	s, err := q.Schema(ctx, schema)
	if err != nil {
		return err
	}
	name, address := schema, q.serviceRoot(schema)
	if set != "" {
		if _, ok := s.Table(set); !ok {
			return gwerr.New(gwerr.UnknownTable, "There is no entity set "+set+".", "")
		}
		name, address = set, address+set
	}
	q.attachment(name + officeSuffix)
	return q.whole(http.StatusOK, "text/x-ms-odc; charset=utf-8", []byte(office(name, address)))
}

// office writes a connection whose query has a name and reads an address.
func office(name, address string) string {
	formula := "let\n    Source = OData.Feed(\"" + strings.ReplaceAll(address, `"`, `""`) + "\", null, [Implementation=\"2.0\"])\nin\n    Source"
	mashup := `<Mashup xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns="http://schemas.microsoft.com/DataMashup">` +
		`<Client>EXCEL</Client><Version>2.83.5894.761</Version><MinVersion>2.21.0.0</MinVersion><Culture>en-US</Culture><SafeCombine>true</SafeCombine>` +
		`<Items><Query Name="` + html.EscapeString(name) + `"><Formula>` + html.EscapeString(formula) + `</Formula><IsParameterQuery xsi:nil="true" /><IsDirectQuery xsi:nil="true" /></Query></Items></Mashup>`
	title := html.EscapeString(name)
	return `<html xmlns:o="urn:schemas-microsoft-com:office:office" xmlns="http://www.w3.org/TR/REC-html40">
<head>
<meta http-equiv="Content-Type" content="text/x-ms-odc; charset=utf-8">
<meta name="ProgId" content="ODC.Database">
<meta name="SourceType" content="OLEDB">
<title>` + title + `</title>
<xml id="docprops"><o:DocumentProperties xmlns:o="urn:schemas-microsoft-com:office:office" xmlns="http://www.w3.org/TR/REC-html40"><o:Name>` + title + `</o:Name></o:DocumentProperties></xml>
<xml id="msodc"><odc:OfficeDataConnection xmlns:odc="urn:schemas-microsoft-com:office:odc" xmlns="http://www.w3.org/TR/REC-html40">
<odc:PowerQueryConnection odc:Type="OLEDB">
<odc:ConnectionString>Provider=Microsoft.Mashup.OleDb.1;Data Source=$Workbook$;Location=&quot;` + title + `&quot;;Extended Properties=&quot;&quot;</odc:ConnectionString>
<odc:CommandType>SQL</odc:CommandType>
<odc:CommandText>SELECT * FROM [` + title + `]</odc:CommandText>
</odc:PowerQueryConnection>
<odc:PowerQueryMashupData>` + html.EscapeString(mashup) + `</odc:PowerQueryMashupData>
</odc:OfficeDataConnection></xml>
</head>
<body></body>
</html>
`
}
