package pingone

import (
	"slices"
	"unicode"
)

// script is a writing system with the characters that names and user names
// written in it usually begin with. Small letters stand for both cases.
type script struct {
	table *unicode.RangeTable
	usual string
}

// scripts lists the writing systems that a split knows. Alphabets are given
// whole; of the others, which have thousands of characters, the first ones of
// the most frequent family and given names. Rows with other characters are
// found by what the rest of the scan shows, or by reading without a split.
var scripts = []script{
	{unicode.Latin, "àáâãäåæçèéêëìíîïðñòóôõöøùúûüýþāăąćčďđēėęěğģħīįıķļľłńņňōőœřśşšșţťțūůűųźżž"},
	{unicode.Greek, "αβγδεζηθικλμνξοπρστυφχψωάέήίόύώ"},
	{unicode.Cyrillic, "абвгдежзийклмнопрстуфхцчшщъыьэюяёђєѕіїјљњћџґқәөүұ"},
	{unicode.Arabic, "ءآأؤإئابتثجحخدذرزسشصضطظعغفقكلمنهويپچژکگی"},
	{unicode.Hebrew, "אבגדהוזחטיכלמנסעפצקרשת"},
	{unicode.Devanagari, "अआइईउऊऋएऐओऔकखगघचछजझटठडढणतथदधनपफबभमयरलवशषसहज्ञ"},
	{unicode.Thai, "กขคฆงจฉชซญฎฐณดตถทธนบปผพฟภมยรลวศษสหอฮเแโใไ"},
	{unicode.Hiragana, "あいうえおかきくけこさしすせそたちつてとなにぬねのはひふへほまみむめもやゆよらりるれろわ"},
	{unicode.Katakana, "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワガギグゴザジダデドバビブベボパピプペポヴ"},
	{unicode.Hangul, "김이박최정강조윤장임한오서신권황안송전홍유고문양손배백허남심노하곽성차주우구나민진지엄원천방공현함변염여추도소석선설마길연위표명기반라왕금옥육인맹제모탁국어은편용예봉경사부태준재수승시영미혜보다동상가채해희"},
	{unicode.Han, "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤欧" +
		"張劉陳楊黃趙吳孫馬鄭許馮蕭葉蘇呂盧鍾譚陸賈韋鄒龍賀顧龔萬錢嚴湯歐" +
		"伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂兰玉红春梅志建国文俊海燕宇浩欣子梓思佳雨晓婷雪琳慧宏永東" +
		"佐鈴渡伊山中小加吉斎斉清松井木阿橋石前藤岡後近長遠青坂福太西三村原菊岩野古上千今佐久新工杉大内川島本翔蓮陽悠健結美優葵愛凛莉颯湊直裕和達拓誠隆真由恵智幸恭洋"},
}

// keyboard is what user names begin with almost always; capital letters are
// left to their small ones.
var keyboard = func() []rune {
	var out []rune
	for r := rune('!'); r <= '~'; r++ {
		if unicode.ToLower(r) == r {
			out = append(out, r)
		}
	}
	return out
}()

// charactersFor gives the characters to ask for where some were met.
func charactersFor(met ...*letters) []rune {
	out := slices.Clone(keyboard)
	used := make([]bool, len(scripts))
	for _, l := range met {
		for r := range l.count {
			out = append(out, r)
			for i := range scripts {
				used[i] = used[i] || r > unicode.MaxASCII && unicode.Is(scripts[i].table, r)
			}
		}
	}
	for i := range scripts {
		if used[i] {
			out = append(out, []rune(scripts[i].usual)...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// everyCharacter gives the usual characters of all scripts.
func everyCharacter() []rune {
	out := slices.Clone(keyboard)
	for i := range scripts {
		out = append(out, []rune(scripts[i].usual)...)
	}
	out = append(out, []rune(" £§°¿¡«€“„’–ªº")...)
	slices.Sort(out)
	return slices.Compact(out)
}
