// Gives each app a user of its own in MongoDB, with the rights that it needs: a
// gateway that was taken over cannot change the views, and neither it nor the
// projector reaches the actors' snapshots. It may run again at any time, and then
// sets the passwords and rights anew.
const root = encodeURIComponent(process.env.MONGO_PASSWORD);
const admin = connect(`mongodb://root:${root}@mongo:27017/admin?replicaSet=rs0`);
const views = "corebank", snapshots = "actors";
for (const [user, pwd, role, db] of [
  ["server", process.env.MONGO_SERVER, "read", views],
  ["projector", process.env.MONGO_PROJECTOR, "readWrite", views],
  ["actor", process.env.MONGO_ACTOR, "readWrite", snapshots],
]) {
  const roles = [{ role, db }];
  if (admin.getUser(user)) admin.updateUser(user, { pwd, roles });
  else admin.createUser({ user, pwd, roles });
}
