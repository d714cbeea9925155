package format

import (
	"fmt"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
)

// Styles of cells, by their place in cellXfs of styles.xml.
const (
	styleGeneral = iota
	styleInstant
	styleDate
	styleTime
	styleHeader
)

const (
	xmlHead       = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"
	mainNamespace = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
	relations     = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
	packageRels   = "http://schemas.openxmlformats.org/package/2006/relationships"
	tableName     = "Data"
)

const styles = xmlHead + `<styleSheet xmlns="` + mainNamespace + `">` +
	`<numFmts count="3"><numFmt numFmtId="164" formatCode="yyyy\-mm\-dd\ hh:mm:ss"/><numFmt numFmtId="165" formatCode="yyyy\-mm\-dd"/><numFmt numFmtId="166" formatCode="hh:mm:ss"/></numFmts>` +
	`<fonts count="2"><font><sz val="11"/><name val="Calibri"/><family val="2"/></font><font><b/><sz val="11"/><color rgb="FFFFFFFF"/><name val="Calibri"/><family val="2"/></font></fonts>` +
	`<fills count="3"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill><fill><patternFill patternType="solid"><fgColor rgb="FF4472C4"/><bgColor indexed="64"/></patternFill></fill></fills>` +
	`<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>` +
	`<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>` +
	`<cellXfs count="5"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>` +
	`<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>` +
	`<xf numFmtId="165" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>` +
	`<xf numFmtId="166" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>` +
	`<xf numFmtId="0" fontId="1" fillId="2" borderId="0" xfId="0" applyFont="1" applyFill="1"/></cellXfs>` +
	`<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>`

// bookPart is a part of the archive.
type bookPart struct{ name, text string }

// bookParts are the parts that are known before the rows.
func bookParts(title string, table bool) []bookPart {
	types := `<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>` +
		`<Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>` +
		`<Override PartName="/xl/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/>`
	if table {
		types += `<Override PartName="/xl/tables/table1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.table+xml"/>`
	}
	parts := []bookPart{
		{"[Content_Types].xml", xmlHead + `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">` +
			`<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>` + types + `</Types>`},
		{"_rels/.rels", related(relation{"officeDocument", "xl/workbook.xml"})},
		{"xl/workbook.xml", fmt.Sprintf(`%s<workbook xmlns="%s" xmlns:r="%s"><sheets><sheet name="%s" sheetId="1" r:id="rId1"/></sheets></workbook>`,
			xmlHead, mainNamespace, relations, appendXML(nil, sheetName(title)))},
		{"xl/_rels/workbook.xml.rels", related(relation{"worksheet", "worksheets/sheet1.xml"}, relation{"styles", "styles.xml"})},
		{"xl/styles.xml", styles},
	}
	if table {
		parts = append(parts, bookPart{"xl/worksheets/_rels/sheet1.xml.rels", related(relation{"table", "../tables/table1.xml"})})
	}
	return parts
}

// relation leads from one part to another.
type relation struct{ kind, target string }

func related(all ...relation) string {
	out := fmt.Appendf(nil, `%s<Relationships xmlns="%s">`, xmlHead, packageRels)
	for i, r := range all {
		out = fmt.Appendf(out, `<Relationship Id="rId%d" Type="%s/%s" Target="%s"/>`, i+1, relations, r.kind, r.target)
	}
	return string(append(out, "</Relationships>"...))
}

// sheetName makes a title what Excel takes for a sheet's name.
func sheetName(title string) string {
	title = strings.Map(func(r rune) rune {
		if r < ' ' || strings.ContainsRune(`[]:*?/\'`, r) {
			return -1
		}
		return r
	}, title)
	if title == "" {
		return "Rows"
	}
	return string([]rune(title)[:min(len([]rune(title)), 31)])
}

// headers are names for columns of a table, which Excel wants to differ, on one
// line, and not longer than 255.
func headers(schema *arrow.Schema) []string {
	fields := schema.Fields()
	for i, f := range fields {
		name := strings.Map(func(r rune) rune {
			if r < ' ' {
				return ' '
			}
			return r
		}, f.Name)
		fields[i].Name = string([]rune(name)[:min(len([]rune(name)), 240)])
	}
	return distinct(arrow.NewSchema(fields, nil))
}

// sheetHead is the sheet up to its rows: the header stays in view.
func sheetHead(schema *arrow.Schema, names []string) []byte {
	out := fmt.Appendf(nil, `%s<worksheet xmlns="%s" xmlns:r="%s"><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>`,
		xmlHead, mainNamespace, relations)
	if len(names) > 0 {
		out = append(out, "<cols>"...)
		for i, f := range schema.Fields() {
			wide := min(60, max(width(f.Type), len([]rune(names[i]))+4)) // with the filter's button
			out = fmt.Appendf(out, `<col min="%d" max="%d" width="%d" customWidth="1"/>`, i+1, i+1, wide)
		}
		out = append(out, "</cols>"...)
	}
	return append(out, "<sheetData>"...)
}

// width is how wide a column is, in digits.
func width(t arrow.DataType) int {
	switch t.(type) {
	case *arrow.TimestampType:
		return 20
	case *arrow.StringType, *arrow.LargeStringType:
		return 24
	default:
		return 12
	}
}
