package data

// culture is a pool of names with the places that fit them.
type culture struct {
	given, family []string
	country       string // ISO 3166 alpha-2
	locale        string
	timezone      string
	dial          string
	cities        []city
}

type city struct{ name, region, postal string }

var latin = []culture{
	{
		given:   []string{"Ada", "Grace", "Alan", "Edsger", "Barbara", "Donald", "Margaret", "Dennis", "Frances", "Ken", "Radia", "Leslie", "Hedy", "Niklaus", "Katherine", "Linus", "Joan", "Vint", "Xavier", "Zoe", "Quinn", "Ursula", "Wanda", "Yuri", "Ian", "Olive", "Peter", "Fiona", "Harriet", "Colin", "Violet", "Mary Jane"},
		family:  []string{"Byron", "Hopper", "Turing", "O'Neil", "Liskov", "Knuth", "Hamilton", "Ritchie", "Allen", "Thompson", "Perlman", "Lamport", "Lamarr", "Smith", "Johnson", "Jones", "Clarke", "Cerf", "Young", "D'Arcy", "McDonald", "Walker", "Evans", "Quirk", "Underwood", "Irving", "van Dyke", "Xu-Brown", "St. John", "Null", "Fox", "Egerton"},
		country: "US", locale: "en-US", timezone: "America/New_York", dial: "+1.212555",
		cities: []city{{"New York", "NY", "10001"}, {"Denver", "CO", "80202"}, {"Austin", "TX", "78701"}, {"St. Louis", "MO", "63101"}, {"Coeur d'Alene", "ID", "83814"}},
	},
	{
		given:   []string{"Oliver", "Amelia", "Harry", "Isla", "Jack", "Poppy", "George", "Ffion", "Siân", "Rhys", "Niamh", "Ciarán", "Eoin", "Aoife"},
		family:  []string{"Brown", "Taylor", "Davies", "Llewellyn", "O’Brien", "Ó Súilleabháin", "MacLeod", "Fraser", "Smyth-Jones", "Wright", "Green"},
		country: "GB", locale: "en-GB", timezone: "Europe/London", dial: "+44.2079460",
		cities: []city{{"London", "Greater London", "SW1A 1AA"}, {"Llanfairpwll", "Anglesey", "LL61 5UJ"}, {"Newcastle upon Tyne", "Tyne and Wear", "NE1 4ST"}},
	},
	{
		given:   []string{"Jürgen", "Björn", "Käthe", "Sören", "Ulrike", "Änne", "Günther", "Anna", "Lukas", "Özlem", "Hans-Peter", "Mia", "Felix", "Zoë"},
		family:  []string{"Müller", "Schäfer", "Groß", "Weiß", "Öztürk", "Schmidt", "von der Heide", "Meier-Lüdenscheidt", "Köhler", "Bauer", "Übelacker", "Zimmermann"},
		country: "DE", locale: "de-DE", timezone: "Europe/Berlin", dial: "+49.305550",
		cities: []city{{"München", "Bayern", "80331"}, {"Köln", "Nordrhein-Westfalen", "50667"}, {"Berlin", "Berlin", "10115"}, {"Frankfurt (Oder)", "Brandenburg", "15230"}},
	},
	{
		given:   []string{"Léa", "François", "Zoé", "Anaïs", "Jean-Luc", "Chloé", "Noël", "Étienne", "Marie", "Hélène"},
		family:  []string{"Dupont", "Lefèvre", "D'Alembert", "Garçon", "L'Hôpital", "Bélanger", "de La Tour", "Œuvrard"},
		country: "FR", locale: "fr-FR", timezone: "Europe/Paris", dial: "+33.140205",
		cities: []city{{"Paris", "Île-de-France", "75001"}, {"Saint-Étienne", "Auvergne-Rhône-Alpes", "42000"}},
	},
	{
		given:   []string{"Bjørn", "Åse", "Søren", "Þóra", "Æsa", "Håkon", "Ingrid", "Łukasz", "Małgorzata", "Jiří", "Žofie", "Iñaki", "María José", "João"},
		family:  []string{"Ødegård", "Åkesson", "Kjær", "Guðmundsdóttir", "Wójcik", "Dvořák", "Şahin", "Núñez", "Gonçalves", "Ibáñez", "Čapek"},
		country: "CH", locale: "de-CH", timezone: "Europe/Zurich", dial: "+41.445550",
		cities: []city{{"Zürich", "ZH", "8001"}, {"Genève", "GE", "1201"}, {"Delémont", "JU", "2800"}},
	},
}

var others = []culture{
	{
		given: []string{"伟", "芳", "秀英", "敏", "静", "丽", "强", "磊"}, family: []string{"王", "李", "张", "刘", "陈", "欧阳"},
		country: "CN", locale: "zh-CN", timezone: "Asia/Shanghai", dial: "+86.105550",
		cities: []city{{"北京", "北京", "100000"}, {"上海", "上海", "200000"}},
	},
	{
		given: []string{"さくら", "翔", "結衣", "ハンナ", "健太"}, family: []string{"佐藤", "鈴木", "高橋", "渡邊", "タナカ"},
		country: "JP", locale: "ja-JP", timezone: "Asia/Tokyo", dial: "+81.355501",
		cities: []city{{"東京", "東京都", "100-0001"}, {"札幌市", "北海道", "060-0001"}},
	},
	{
		given: []string{"محمد", "فاطمة", "عمر", "ليلى", "عبد الرحمن"}, family: []string{"الأحمد", "حداد", "بن سعيد", "النجار"},
		country: "AE", locale: "ar-AE", timezone: "Asia/Dubai", dial: "+971.45550",
		cities: []city{{"دبي", "دبي", "00000"}, {"أبو ظبي", "أبو ظبي", "00000"}},
	},
	{
		given: []string{"민준", "서연", "지우", "하은"}, family: []string{"김", "이", "박", "최"},
		country: "KR", locale: "ko-KR", timezone: "Asia/Seoul", dial: "+82.25550",
		cities: []city{{"서울", "서울특별시", "04524"}, {"부산", "부산광역시", "48943"}},
	},
	{
		given: []string{"Иван", "Ольга", "Дмитрий", "Юлия", "Ёлка"}, family: []string{"Иванов", "Кузнецова", "Щербаков", "Эйзенштейн"},
		country: "BG", locale: "bg-BG", timezone: "Europe/Sofia", dial: "+359.25550",
		cities: []city{{"София", "София", "1000"}, {"Пловдив", "Пловдив", "4000"}},
	},
}

var titles = []string{
	"Engineer", "Senior Engineer", "Manager", "manager", "Director", "VP, Sales", "Analyst", "Account Executive",
	"Sr. \"Rock Star\" Developer", "QA Lead", "Site Reliability Engineer", "R&D Specialist", "C:\\Admin", "Buchhalter/in",
	"Ingénieur·e", "Chief of Staff", "Nurse", "Teller", "Warehouse Associate", "Driver", "Architect", "100% Owner", "Legal_Counsel",
}

var nicknames = []string{"Ace", "Lovelace 💜", "🦊", "Bug-Hunter", "the \"Boss\"", "Mimi", "Zed", "naïve", "👩‍💻 dev", "  Slim", "O'Malley", "Σίσυφος"}

var streets = []string{"Main Street", "High Street", "Bahnhofstrasse", "Rue de l’Église", "O'Connell St", "Elm Ave, Bldg \"C\"", "Straße des 17. Juni", "中山路", "Calle Mayor"}

var domains = []string{"example.com", "example.org", "example.net", "Example.COM", "mail.example.com", "bücher.example"}
