import java.net.URI;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.olingo.client.api.ODataClient;
import org.apache.olingo.client.api.communication.ODataClientErrorException;
import org.apache.olingo.client.api.communication.request.batch.BatchManager;
import org.apache.olingo.client.api.communication.request.batch.ODataBatchRequest;
import org.apache.olingo.client.api.communication.request.batch.ODataBatchResponseItem;
import org.apache.olingo.client.api.communication.request.cud.ODataEntityUpdateRequest;
import org.apache.olingo.client.api.communication.request.cud.UpdateType;
import org.apache.olingo.client.api.communication.request.retrieve.ODataEntitySetRequest;
import org.apache.olingo.client.api.communication.response.ODataEntityCreateResponse;
import org.apache.olingo.client.api.communication.response.ODataRetrieveResponse;
import org.apache.olingo.client.api.domain.ClientEntity;
import org.apache.olingo.client.api.domain.ClientEntitySet;
import org.apache.olingo.client.api.domain.ClientInlineEntity;
import org.apache.olingo.client.api.domain.ClientServiceDocument;
import org.apache.olingo.client.core.ODataClientFactory;
import org.apache.olingo.commons.api.edm.Edm;
import org.apache.olingo.commons.api.edm.EdmEntityType;
import org.apache.olingo.commons.api.edm.FullQualifiedName;
import org.apache.olingo.commons.api.format.ContentType;

/** What a Java program does with the service at the address given, by Apache Olingo. */
public final class Client {
  private static ODataClient client;
  private static String root;

  public static void main(String[] args) {
    root = args[0];
    client = ODataClientFactory.getClient();
    metadata();
    read();
    paging();
    write();
    batch();
    System.out.println("all done");
  }

  private static void check(boolean right, Object seen) {
    if (!right) {
      throw new AssertionError(seen);
    }
  }

  /** The model with its vocabularies, which are read too, and the service document. */
  private static void metadata() {
    Edm edm = client.getRetrieveRequestFactory().getMetadataRequest(root).execute().getBody();
    EdmEntityType user = edm.getEntityType(new FullQualifiedName("PingOne", "User"));
    check(user.getKeyPredicateNames().equals(List.of("Id")), user.getKeyPredicateNames());
    check(user.getNavigationProperty("Population") != null, user.getNavigationPropertyNames());
    check(edm.getTerm(new FullQualifiedName("Org.OData.Core.V1", "Description")) != null, "the vocabulary");
    check(edm.getEntityContainer().getActionImport("UnlockUserAccount") != null, "actions");
    ClientServiceDocument document = client.getRetrieveRequestFactory().getServiceDocumentRequest(root).execute().getBody();
    check(document.getEntitySetNames().contains("Users"), document.getEntitySetNames());
  }

  private static void read() {
    for (ContentType format : List.of(ContentType.JSON, ContentType.JSON_FULL_METADATA, ContentType.JSON_NO_METADATA)) {
      URI users = client.newURIBuilder(root).appendEntitySetSegment("Users").select("Id", "Username", "CreatedAt", "IsEnabled")
          .expand("Population").filter("Username eq 'ada.admin'").count(true).top(5).build();
      ODataEntitySetRequest<ClientEntitySet> request = client.getRetrieveRequestFactory().getEntitySetRequest(users);
      request.setFormat(format);
      ClientEntitySet set = request.execute().getBody();
      check(set.getCount() == 1 && set.getEntities().size() == 1, set.getCount());
      ClientEntity ada = set.getEntities().get(0);
      check(ada.getProperty("Username").getPrimitiveValue().toString().equals("ada.admin"), ada);
      if (format == ContentType.JSON_FULL_METADATA) { // otherwise it can not tell an entity from a complex value
        ClientInlineEntity population = ada.getNavigationLink("Population").asInlineEntity();
        check(population.getEntity().getProperty("Name").getPrimitiveValue().toString().equals("Default"), population);
      }
    }
    URI count = client.newURIBuilder(root).appendEntitySetSegment("Users").count().build();
    int users = Integer.parseInt(client.getRetrieveRequestFactory().getValueRequest(count).execute().getBody().toString());
    check(users >= 40, users);
  }

  private static void paging() {
    URI users = client.newURIBuilder(root).appendEntitySetSegment("Users").select("Id").build();
    List<ClientEntity> all = new ArrayList<>();
    while (users != null) {
      ODataEntitySetRequest<ClientEntitySet> request = client.getRetrieveRequestFactory().getEntitySetRequest(users);
      request.setPrefer(client.newPreferences().maxPageSize(7));
      ClientEntitySet page = request.execute().getBody();
      all.addAll(page.getEntities());
      users = page.getNext();
    }
    check(all.size() >= 40, all.size());
  }

  private static ClientEntity group(String name, String description) {
    ClientEntity group = client.getObjectFactory().newEntity(new FullQualifiedName("PingOne", "Group"));
    if (name != null) {
      group.getProperties().add(client.getObjectFactory().newPrimitiveProperty("Name",
          client.getObjectFactory().newPrimitiveValueBuilder().buildString(name)));
    }
    group.getProperties().add(client.getObjectFactory().newPrimitiveProperty("Description",
        client.getObjectFactory().newPrimitiveValueBuilder().buildString(description)));
    return group;
  }

  private static void write() {
    URI groups = client.newURIBuilder(root).appendEntitySetSegment("Groups").build();
    ODataEntityCreateResponse<ClientEntity> made = client.getCUDRequestFactory().getEntityCreateRequest(groups, group("By Olingo", "first")).execute();
    check(made.getStatusCode() == 201, made.getStatusCode());
    URI at = URI.create(made.getHeader("Location").iterator().next());
    ODataRetrieveResponse<ClientEntity> read = client.getRetrieveRequestFactory().getEntityRequest(at).execute();
    ODataEntityUpdateRequest<ClientEntity> change = client.getCUDRequestFactory().getEntityUpdateRequest(at, UpdateType.PATCH, group(null, "second"));
    change.setIfMatch(read.getETag());
    check(change.execute().getStatusCode() == 204, "a change");
    ODataEntityUpdateRequest<ClientEntity> late = client.getCUDRequestFactory().getEntityUpdateRequest(at, UpdateType.PATCH, group(null, "third"));
    late.setIfMatch("W/\"another\"");
    try {
      late.execute();
      throw new AssertionError("a change of another version");
    } catch (ODataClientErrorException e) {
      check(e.getStatusLine().getStatusCode() == 412 && e.getODataError().getCode().equals("PreconditionFailed"), e);
    }
    ClientEntity changed = client.getRetrieveRequestFactory().getEntityRequest(at).execute().getBody();
    check(changed.getProperty("Description").getPrimitiveValue().toString().equals("second"), changed);
    check(client.getCUDRequestFactory().getDeleteRequest(at).execute().getStatusCode() == 204, "a deletion");
    try {
      client.getRetrieveRequestFactory().getEntityRequest(at).execute();
      throw new AssertionError("it is still there");
    } catch (ODataClientErrorException e) {
      check(e.getStatusLine().getStatusCode() == 404, e);
    }
  }

  private static void batch() {
    ODataBatchRequest request = client.getBatchRequestFactory().getBatchRequest(root);
    BatchManager manager = request.payloadManager();
    for (String set : List.of("Populations", "Groups")) {
      manager.addRequest(client.getRetrieveRequestFactory().getEntitySetRequest(
          client.newURIBuilder(root).appendEntitySetSegment(set).top(2).build()));
    }
    int answers = 0;
    for (Iterator<ODataBatchResponseItem> items = manager.getResponse().getBody(); items.hasNext();) {
      check(items.next().next().getStatusCode() == 200, "a request of a batch");
      answers++;
    }
    check(answers == 2, answers);
  }
}
