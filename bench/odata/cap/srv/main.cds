namespace bench;

entity People {
  key Id         : UUID;
      Username   : String(200) not null;
      Email      : String(200);
      FirstName  : String(100);
      LastName   : String(100);
      Department : String(100);
      Enabled    : Boolean;
      SignOns    : Int32;
      CreatedAt  : Timestamp;
      UpdatedAt  : Timestamp;
}

service Main {
  @readonly entity Users as projection on People;
}
