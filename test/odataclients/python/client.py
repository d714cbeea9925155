"""What a Python program does with the service at the address given, by python-odata."""
import sys

from odata import ODataService

service = ODataService(sys.argv[1], reflect_entities=True, quiet_progress=True)
User, Group = service.entities["Users"], service.entities["Groups"]

ada = service.query(User).filter(User.Username == "ada.admin").first()
assert ada.Email == "ada.admin@example.com" and ada.CreatedAt.year == 2021, ada
assert ada.Population.Name == "Default", ada.Population

everybody = service.query(User).all()
assert len({user.Id for user in everybody}) == len(everybody) >= 40, len(everybody)
enabled = service.query(User).filter(User.IsEnabled == True).order_by(User.Username.asc()).limit(3).all()  # noqa: E712
assert len(enabled) == 3 and all(user.IsEnabled for user in enabled), enabled

group = Group()
group.Name = "By python-odata"
service.save(group)
assert group.Id, group
group.Description = "changed"
service.save(group)
(found,) = service.query(Group).filter(Group.Name == "By python-odata").all()
assert found.Description == "changed", found.Description
service.delete(group)
assert not list(service.query(Group).filter(Group.Name == "By python-odata").all())
print("all done")
